import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import { hostCgroupDirectories } from "../../runtime/src/cgroups/host-cgroup.ts";
import type { Change } from "./harness/bed.ts";
import { ociSuite } from "./harness/suite.ts";

ociSuite("linux.cgroupsPath", ({ test }) => {
  test("the process that state names is in that cgroup, which goes with the container", async (bed) => {
    const cgroup = `/${path.basename(bed.directory)}/inner`;
    const id = await bed.start((config) => (config.linux.cgroupsPath = cgroup));
    const { pid } = await bed.state(id);
    const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8").trimEnd().split("\n");
    expect(lines.map((line) => line.replace(/^\d+:[^:]*:/, ""))).toContain(cgroup);
    const made = hostCgroupDirectories(cgroup).filter((directory) => existsSync(directory));
    expect(made).not.toEqual([]);
    await bed.must("delete", "--force", id);
    expect(made.filter((directory) => existsSync(directory))).toEqual([]);
  });
});

ociSuite("--debug", ({ test }) => {
  test("logs more, and changes neither output nor status", async (bed) => {
    const [quiet, loud] = [bed.path("quiet.log"), bed.path("loud.log")];
    const bundle = bed.bundle((config) => (config.process.args = ["echo", "hello"]));
    const run = async (...options: string[]) =>
      bed.verb([...options, "run", "--bundle", bundle, bed.newId()]);
    for (const outcome of [await run("--log", quiet), await run("--debug", "--log", loud)])
      expect([outcome.status, outcome.stdout, outcome.stderr]).toEqual([0, "hello\n", ""]);
    const bytes = (file: string) => (existsSync(file) ? readFileSync(file).length : 0);
    expect(bytes(loud)).toBeGreaterThan(bytes(quiet));
  });
});

ociSuite("--systemd-cgroup", ({ test }) => {
  test("is accepted by the verbs that place nothing", async (bed) => {
    const { status, stdout } = await bed.verb(["--systemd-cgroup", "list", "--quiet"]);
    expect([status, stdout]).toEqual([0, ""]);
  });

  test("needs a systemd that runs", async (bed) => {
    // Where one does, what becomes of it is not this test's.
    if (existsSync("/run/systemd/system")) return;
    const bundle = bed.bundle((config) => (config.linux.cgroupsPath = "system.slice:oci:test"));
    const { status, stderr } = await bed.verb(["--systemd-cgroup", "run", "--bundle", bundle, bed.newId()]);
    expect([status, stderr]).toEqual([1, expect.stringMatching(bed.runtime.words.noSystemd)]);
    expect(await bed.must("list", "--quiet")).toBe("");
  });
});

/** What config.json may ask for, by the name that the error has. The types of `Config` know none of it. */
const refused: Readonly<Record<string, object>> = {
  "linux.intelRdt": { linux: { intelRdt: { closID: "x" } } },
  "linux.memoryPolicy": { linux: { memoryPolicy: { mode: "MPOL_BIND", nodes: "0" } } },
  "linux.netDevices": { linux: { netDevices: { eth0: { name: "eth1" } } } },
};

ociSuite("a config.json that asks for what the runtime does not do", ({ test }) => {
  test(
    "is refused by the field's name, and nothing is left",
    async (bed) => {
      mkdirSync(bed.root, { recursive: true });
      const before = readdirSync(bed.root);
      for (const [name, asked] of Object.entries(refused)) {
        const bundle = bed.bundle((config) => mergeInto(config, asked));
        const { status, stderr } = await bed.verb(["create", "--bundle", bundle, bed.newId()]);
        expect(status).toBe(1);
        expect(stderr).toContain(`config.json: ${name}`);
        expect(stderr).toContain("not supported");
        expect(await bed.must("list", "--quiet")).toBe("");
        expect(readdirSync(bed.root)).toEqual(before);
      }
    },
    "refuses-unsupported",
  );
});

/** Objects are merged, the rest is replaced. */
function mergeInto(target: object, source: object): ReturnType<Change> {
  for (const [name, value] of Object.entries(source) as [string, unknown][]) {
    const present: unknown = Reflect.get(target, name);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    if (isObject && typeof present === "object" && present !== null) mergeInto(present, value);
    else Reflect.set(target, name, value);
  }
}
