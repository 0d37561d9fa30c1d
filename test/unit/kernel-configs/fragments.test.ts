import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const program = path.resolve(import.meta.dirname, "../../../kernel-configs/check-fragments.mjs");
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), "runv-fragments-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function write(name: string, ...lines: string[]): string {
  const file = path.join(directory, name);
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

function check(...args: string[]) {
  const { status, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: "utf8" });
  return { status, stderr };
}

test("fragments that agree pass, also when two ask for the same", () => {
  const one = write("one.config", "# what it is for", "CONFIG_NET=y", "# CONFIG_VT is not set");
  const two = write("two.config", "CONFIG_NET=y", "CONFIG_HZ=250");
  expect(check(one, two)).toEqual({ status: 0, stderr: "" });
});

test.each([
  { first: "CONFIG_NET=y", second: "# CONFIG_NET is not set", symbol: "CONFIG_NET" },
  { first: "# CONFIG_VT is not set", second: "CONFIG_VT=y", symbol: "CONFIG_VT" },
  { first: 'CONFIG_LSM="landlock"', second: 'CONFIG_LSM=""', symbol: "CONFIG_LSM" },
])(
  "$symbol asked for twice with different values is named with both fragments",
  ({ first, second, symbol }) => {
    const { status, stderr } = check(write("one.config", first), write("two.config", second));
    expect(status).toBe(1);
    expect(stderr).toContain(symbol);
    expect(stderr).toContain("one.config");
    expect(stderr).toContain("two.config");
  },
);

test("a contradiction inside one fragment is found", () => {
  expect(check(write("one.config", "CONFIG_NET=y", "# CONFIG_NET is not set")).status).toBe(1);
});

test("a final configuration that has everything passes, with off as absent or said", () => {
  const final = write("final", "CONFIG_NET=y", "CONFIG_NET_9P=y", "# CONFIG_VT is not set", "CONFIG_HZ=250");
  const fragment = write(
    "one.config",
    "CONFIG_NET=y",
    "CONFIG_HZ=250",
    "# CONFIG_VT is not set",
    "# CONFIG_FB is not set",
  );
  expect(check("--final", final, fragment)).toEqual({ status: 0, stderr: "" });
});

test.each([
  { asked: "CONFIG_BPF_JIT=y", symbol: "CONFIG_BPF_JIT", why: "missing" },
  { asked: "CONFIG_NET=y", symbol: "CONFIG_NET", why: "only a prefix of another symbol" },
  { asked: "CONFIG_FUSE_FS=y", symbol: "CONFIG_FUSE_FS", why: "a module" },
  { asked: "CONFIG_HZ=250", symbol: "CONFIG_HZ", why: "another number" },
  { asked: "# CONFIG_MODULES is not set", symbol: "CONFIG_MODULES", why: "selected by something" },
])("$asked fails when the final configuration has it $why", ({ asked, symbol }) => {
  const final = write("final", "CONFIG_NET_9P=y", "CONFIG_FUSE_FS=m", "CONFIG_HZ=100", "CONFIG_MODULES=y");
  const { status, stderr } = check("--final", final, write("one.config", asked));
  expect(status).toBe(1);
  expect(stderr).toMatch(new RegExp(`one\\.config asks for ${symbol}`));
});
