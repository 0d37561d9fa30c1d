import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { executables, Runv } from "../harness/runv.ts";

/** A look at a host that a guest has booted on: this suite's own. */
describe.each(Object.entries(executables))("runv check (%s)", (_name, command) => {
  const runv = new Runv({ command });
  afterAll(async () => runv.dispose());

  /** A PATH with these programs of this host and no others. */
  const pathWith = (name: string, programs: readonly string[]): string => {
    const directory = runv.mkdir(name);
    for (const program of programs) {
      const found = execFileSync("sh", ["-c", `command -v ${program}`], { env: runv.env, encoding: "utf8" });
      symlinkSync(found.trim(), path.join(directory, program));
    }
    return directory;
  };
  const json = async (env: NodeJS.ProcessEnv): Promise<{ status: number; report: unknown }> => {
    const { status, stdout } = await runv.run(["check", "--json"], { env });
    return { status, report: JSON.parse(stdout) as unknown };
  };

  test("says that containers can run here", async () => {
    const { status, stdout, stderr } = await runv.run(["check"]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^runv \d+\.\d+\.\d+ \(commit \w+\) on Linux /);
    expect(stdout).toMatch(/^ {2}yes {2}qemu +\d+\.\d+/m);
    expect(stdout).toMatch(/^ {2}yes {2}kernel +\d+\.\d+\.\d+/m);
    expect(stdout).toMatch(/^ {2}yes {2}initramfs +agent \d+\.\d+\.\d+, /m);
    expect(stdout).toMatch(/^Containers can run on this host\.\n$/m);
    expect((await json({})).report).toMatchObject({ canRunContainers: true, hindrances: [] });
  });

  test("misses an emulator that PATH does not have, and says what brings it", async () => {
    const env = { PATH: pathWith("no-emulator", ["qemu-img", "node"]), RUNV_CARRIER: "auto" };
    const { status, report } = await json(env);
    expect(status).toBe(1);
    expect(report).toMatchObject({ canRunContainers: false });
    expect(JSON.stringify(report)).toContain('"hypervisor: qemu"');
    const { stdout } = await runv.run(["check"], { env });
    expect(stdout).toContain("  apt-get install qemu-system-x86    # hypervisor: qemu\n");
    expect(stdout).toContain("Containers cannot run on this host:\n  hypervisor: qemu: ");
  });

  test("holds what is configured against the host", async () => {
    expect((await json({ RUNV_GUEST_DIR: runv.mkdir("empty") })).status).toBe(1);
    expect((await json({ RUNV_MKE2FS: "/no/such/mke2fs" })).status).toBe(1);
    expect((await json({ RUNV_MKE2FS: "/no/such/mke2fs", RUNV_SCRATCH: "tmpfs" })).status).toBe(0);
    const { status, stderr } = await runv.run(["check"], { env: { RUNV_ACCEL: "fast" } });
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining("configuration: RUNV_ACCEL: must be one of"),
    ]);
  });
});
