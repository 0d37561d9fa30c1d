import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defaultSettings } from "../../../../runtime/src/config/assign.ts";
import { loadSettings } from "../../../../runtime/src/config/load.ts";
import type { Settings } from "../../../../runtime/src/config/settings.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "runv-config-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const put = (name: string, text: string): string => {
  const path = join(directory, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  return path;
};
const load = async (
  env: Readonly<Record<string, string>> = {},
  file: string | null = null,
): Promise<Settings> => loadSettings({ file, env, directory });

describe("which source counts", () => {
  test("none: the defaults", async () => {
    expect(await load()).toEqual(defaultSettings());
    expect(defaultSettings()).toMatchObject({
      accel: "auto",
      memory_mib: null,
      default_memory_mib: 256,
      allowed_annotations: ["kernel", "cgroup_version"],
    });
  });

  test("files in the order of their names, then the environment", async () => {
    put("config.toml", "memory_mib = 100\nvcpus = 2\nboot_timeout_ms = 1000\naccel = 'kvm'\n");
    put("config.d/20-b.toml", "vcpus = 4\n");
    put("config.d/10-a.toml", "vcpus = 3\nboot_timeout_ms = 2000\n");
    put("config.d/30-ignored.conf", "vcpus = 5\n");
    put("config.d/.hidden.toml", "vcpus = 6\n");
    expect(await load({ RUNV_ACCEL: "tcg" })).toEqual({
      ...defaultSettings(),
      memory_mib: 100,
      boot_timeout_ms: 2000,
      vcpus: 4,
      accel: "tcg",
    });
  });

  test("a file that is named stands alone; the flag is stronger than the variable", async () => {
    put("config.toml", "vcpus = 2\n");
    put("config.d/a.toml", "vcpus = 3\n");
    const [one, other] = [put("one", "memory_mib = 101"), put("other", "memory_mib = 102")];
    expect(await load({ RUNV_CONFIG: one })).toEqual({ ...defaultSettings(), memory_mib: 101 });
    expect((await load({ RUNV_CONFIG: one }, other)).memory_mib).toBe(102);
    expect(await load({ RUNV_CONFIG: "/dev/null" })).toEqual(defaultSettings());
    expect((await load({ RUNV_CONFIG: "" })).vcpus).toBe(3);
  });

  test("a file that is named must be there, and be a file", async () => {
    const missing = join(directory, "missing.toml");
    await expect(load({}, missing)).rejects.toMatchObject({ code: "not-found" });
    await expect(load({}, missing)).rejects.toThrow(missing);
    await expect(load({}, directory)).rejects.toThrow("not a regular file");
    symlinkSync("nowhere", join(directory, "config.toml"));
    expect(await load()).toEqual(defaultSettings());
  });

  test("tables, dotted keys and inline tables are the same", async () => {
    for (const text of [
      '[scratch]\nkind = "tmpfs"\nmib = 64',
      'scratch.kind = "tmpfs"\nscratch.mib = 64',
      'scratch = { kind = "tmpfs", mib = 64 }',
    ])
      expect(await load({}, put("x", text))).toEqual({
        ...defaultSettings(),
        "scratch.kind": "tmpfs",
        "scratch.mib": 64,
      });
    const programs = await load({}, put("x", '[programs]\nqemu-system-x86_64 = "/opt/q"'));
    expect(programs["programs.qemu-system-x86_64"]).toBe("/opt/q");
  });

  test("a list replaces the list of a weaker source", async () => {
    put("config.toml", 'allowed_annotations = ["vcpus"]');
    expect((await load()).allowed_annotations).toEqual(["vcpus"]);
    expect((await load({ RUNV_ALLOWED_ANNOTATIONS: "kernel, memory_mib" })).allowed_annotations).toEqual([
      "kernel",
      "memory_mib",
    ]);
    expect((await load({ RUNV_ALLOWED_ANNOTATIONS: "" })).allowed_annotations).toEqual([]);
  });
});

describe("errors name file, line, key, and what it must be", () => {
  test.each([
    ["\nmemory_mb = 1", ":2: memory_mb: unknown key (did you mean memory_mib?)"],
    ["kind = 'ext4'", ":1: kind: unknown key (did you mean scratch.kind?)"],
    ["[scratch]\nkind='ext4'\nmb = 1", ":3: scratch.mb: unknown key (did you mean scratch.mib?)"],
    ["something_quite_else = 1", ":1: something_quite_else: unknown key"],
    ["'scratch.mib' = 64", ':1: "scratch.mib": unknown key'],
    ["__proto__ = 1", ":1: __proto__: unknown key"],
    ["constructor = 1", ":1: constructor: unknown key"],
    ["[nothing]", ":1: nothing: unknown key"],
    ["[[scratch]]\nmib = 64", ":1: scratch[]: unknown key"],
    ["\n\nscratch = 5", ":3: scratch: must be a table, is 5"],
    ["[accel]", ':1: accel: must be one of "auto", "kvm", "tcg", is a table'],
    ["vcpus = { a = 1 }", ":1: vcpus: must be a whole number from 1 to 256, is a table"],
    ["vcpus = '2'", ":1: vcpus: must be a whole number from 1 to 256, is '2'"],
    ["vcpus = 2.0", ":1: vcpus: must be a whole number from 1 to 256, is 2.0"],
    ["vcpus = 0", ":1: vcpus: must be a whole number from 1 to 256, is 0"],
    ["vcpus = 99999999999999999999", ":1: vcpus: must be"],
    ["vcpus = true", ":1: vcpus: must be"],
    ["vcpus = 2026-11-20", ":1: vcpus: must be"],
    ["accel = 'fast'", ":1: accel: must be one of"],
    ["accel = ['kvm']", ":1: accel: must be one of"],
    ["rootfs = 'virtio-9p'", ":1: rootfs: must be one of"],
    ["guest_dir = 'relative'", ":1: guest_dir: must be an absolute path, is 'relative'"],
    ["kernel = '../up'", ":1: kernel: must be a name"],
    ["kernel = '..'", ":1: kernel: must be a name"],
    ['allowed_annotations = ["kernel",\n "guest_dir"]', ":1: allowed_annotations: must be a list of some of"],
    ["allowed_annotations = 'kernel'", ":1: allowed_annotations: must be a list"],
    ["allowed_annotations = [1]", ":1: allowed_annotations: must be a list"],
    ["vcpus = 1\nvcpus = 2", ":2: not valid TOML: defining a key multiple times is invalid"],
    ["accel = ", ":1: not valid TOML"],
    ["accel = 'x", ":1: not valid TOML"],
  ])("%j", async (text, sentence) => {
    const path = put("config.toml", text);
    await expect(load()).rejects.toMatchObject({ code: "invalid-argument" });
    await expect(load()).rejects.toThrow(`configuration: ${path}${sentence}`);
  });

  test("nested deeper than the parser can go", async () => {
    put("config.toml", `a = ${"[".repeat(100_000)}${"]".repeat(100_000)}`);
    await expect(load()).rejects.toMatchObject({ code: "invalid-argument" });
  });

  test("a file without bounds", async () => {
    put("config.toml", `# ${"x".repeat(300_000)}\n`);
    await expect(load()).rejects.toMatchObject({ code: "resource-exhausted" });
  });

  test.each([
    ["RUNV_ACCEL", "fast"],
    ["RUNV_ACCEL", ""],
    ["RUNV_CARRIER", "pigeon"],
    ["RUNV_SCRATCH", "xfs"],
    ["RUNV_SCRATCH_MIB", "15"],
    ["RUNV_SCRATCH_MIB", "1e3"],
    ["RUNV_SCRATCH_MIB", ""],
    ["RUNV_SCRATCH_MIB", "99999999999"],
    ["RUNV_BOOT_TIMEOUT_MS", "99"],
    ["RUNV_BOOT_TIMEOUT_MS", "forever"],
    ["RUNV_GUEST_DIR", "guest"],
    ["RUNV_MKE2FS", ""],
    ["RUNV_ALLOWED_ANNOTATIONS", "all"],
  ])("%s=%j", async (variable, value) => {
    const refused = load({ [variable]: value });
    await expect(refused).rejects.toThrow(`configuration: ${variable}: must be `);
    await expect(refused).rejects.toThrow(`, is ${/^\d+$/.test(value) ? value : JSON.stringify(value)}`);
  });
});
