import { expect } from "vitest";
import type { Change } from "./harness/bed.ts";
import { ociSuite } from "./harness/suite.ts";

const fields: readonly [string, Change][] = [
  ["linux.intelRdt", (config) => (config.linux.intelRdt = { closID: "a" })],
  ["linux.memoryPolicy", (config) => (config.linux.memoryPolicy = { mode: "MPOL_BIND", nodes: "0" })],
  ["linux.netDevices", (config) => (config.linux.netDevices = { eth0: { name: "eth1" } })],
];

ociSuite("fields about the host's hardware", ({ each }) => {
  each(
    fields,
    ([field]) => `${field} is refused, with a reason`,
    async (bed, [field, change]) => {
      const outcome = await bed.sh("true", change);
      expect([outcome.status, outcome.stdout]).toEqual([1, ""]);
      expect(outcome.stderr).toMatch(
        new RegExp(`config\\.json: ${field}: .* virtual machine|${field}: a guest`),
      );
    },
    () => "is-a-machine",
  );
});
