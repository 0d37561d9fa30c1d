import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sharingDescriptorLimit } from "../harness/descriptor-limits.ts";
import { differences, idleExceptions, parseReport } from "../harness/fs-torture.ts";
import { rootfsWith, staticProgram } from "../harness/guest-programs.ts";
import { leavesNothing, useRunv } from "../harness/leftovers.ts";
import { type RootfsDriver, rootfsDrivers } from "../harness/rootfs-drivers.ts";
import { caseCount } from "../harness/sample.ts";

const operations = caseCount({ sample: 1_000, full: 10_000 });
const files = caseCount({ sample: 1_000, full: 20_000 });
const rounds = caseCount({ sample: 100, full: 1_000 });
const program = "fs-torture";
const seed = "1";
/** What a host's user may do with files. */
const capabilities = [
  ...["CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "MKNOD"],
  ...["SETFCAP", "SETGID", "SETUID", "SYS_ADMIN"],
].map((name) => `CAP_${name}`);

const parts = (driver: RootfsDriver) =>
  [
    [operations, "random operations, checked against a model", operationsOf(driver)],
    [1, "time all single cases", "cases"],
    [rounds, "rounds of processes that race, lock and map", "races"],
    [filesOn(driver), "files, made, read and removed", "files"],
  ] as const;
const operationsOf = (driver: RootfsDriver): string =>
  driver.isFragile ? "careful-operations" : "operations";

/** Of the descriptors that what serves a share may have, those that the files of a test may take. */
const descriptorShare = 0.75;
const filesOn = (driver: RootfsDriver): number =>
  driver.keepsDescriptors ? Math.min(files, Math.floor(sharingDescriptorLimit() * descriptorShare)) : files;

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), "runv-torture-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const onHost = async (place: string, part: string, count: number): Promise<string> => {
  const { stdout } = await execa(await staticProgram(program), [place, part, seed, `${count}`]);
  return stdout;
};
const reports = new Map<string, Promise<string>>();
/** The same on the host's own file system, once for all drivers. */
const hostReport = async (part: string, count: number): Promise<string> => {
  const key = part === "files" ? `${part}-${count}` : part;
  const report = reports.get(key) ?? onHost(path.join(directory, key), part, count);
  reports.set(key, report);
  return report;
};

describe.each(rootfsDrivers.map((driver) => [driver.name, driver] as const))(
  "rootfs by %s",
  (_name, driver) => {
    const runv = useRunv({ env: driver.env() });
    let rootfs = "";
    let container = "";

    beforeAll(async () => {
      rootfs = path.join(runv().directory, "rootfs");
      await rootfsWith(rootfs, [program]);
      const root = driver.prepare(rootfs);
      container = await runv().running({ args: ["sleep", "1000000"], rootfs: root, capabilities });
    });

    const inContainer = async (part: string, count: number): Promise<{ stdout: string; stderr: string }> => {
      const { status, stdout, stderr } = await runv().run([
        ...["exec", container, program, `/${part}`, part, seed, `${count}`],
      ]);
      expect([status, stderr.slice(-500)], `${part} does not end well`).toEqual([0, expect.any(String)]);
      return { stdout, stderr };
    };

    test.each(parts(driver))("%i %s", async (count, _what, part) => {
      const host = parseReport(await hostReport(part, count));
      const { stdout, stderr } = await inContainer(part, count);
      expect(differences(host, parseReport(stdout), driver.name), stderr).toEqual([]);
    });

    test("the random operations leave the same files, in the container and on the host", async () => {
      const list = (text: string): string[] => text.trimEnd().split("\n");
      const part = operationsOf(driver);
      await hostReport(part, operations);
      const expected = list(await onHost(path.join(directory, part), "list", 0));
      expect(expected.length).toBeGreaterThan(10);
      const { stdout } = await runv().run(["exec", container, program, `/${part}`, "list", seed, "0"]);
      expect(list(stdout)).toEqual(expected);
      if (driver.sharesChanges)
        expect(list(await onHost(path.join(rootfs, part), "list", 0))).toEqual(expected);
    });

    test("every exception is one", async () => {
      const all = await Promise.all(parts(driver).map(async ([count, , part]) => hostReport(part, count)));
      expect(idleExceptions(parseReport(all.join("\n")), driver.name)).toEqual([]);
    });

    leavesNothing(runv);
  },
);
