import { expect, test } from "vitest";
import * as defaults from "../../../../runtime/src/shared/defaults.ts";
import * as limits from "../../../../runtime/src/shared/limits.ts";

test.each(Object.entries(limits))(
  "%s is a positive whole number with its unit in its name",
  (name, value) => {
    expect(Number.isSafeInteger(value) && value > 0).toBe(true);
    expect(name).toMatch(/(Ms|Bytes|Depth)$/);
  },
);

test("a single call gives up before the boot does", () => {
  expect(limits.agentConnectTimeoutMs).toBeLessThan(limits.defaultBootTimeoutMs);
  expect(limits.agentCallTimeoutMs).toBeLessThan(limits.stateLockTimeoutMs);
});

test("a socket in a VM's directory has a path that AF_UNIX takes", () => {
  expect(`${defaults.vmDirectoryParent}/0123456789abcdef/vhost-device-vsock.sock`.length).toBeLessThan(107);
  expect(defaults.defaultStateRoot.startsWith(`${defaults.vmDirectoryParent}/`)).toBe(false);
});

test("the defaults of a virtual machine", () => {
  expect(defaults.defaultVcpuCount).toBe(1);
  expect(defaults.defaultMemoryMib).toBe(256);
  expect(defaults.defaultScratchBytes).toBe(10 * 2 ** 30);
});
