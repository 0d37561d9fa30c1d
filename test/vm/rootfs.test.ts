import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { rootfsWith, staticProgram } from "../harness/guest-programs.ts";
import { leavesNothing, useRunv } from "../harness/leftovers.ts";
import { caseCount } from "../harness/sample.ts";

const entryCount = caseCount({ sample: 1500, full: 10_000 });
const seeds = caseCount({ sample: 1, full: 3 });

const runv = useRunv();

test.each(Array.from({ length: seeds }, (_, index) => `${index + 1}`))(
  `a root file system with ${entryCount} entries of every kind arrives as it was, seed %s`,
  async (seed) => {
    const rootfs = path.join(runv().directory, `rootfs-${seed}`);
    await rootfsWith(rootfs, ["tree-list"]);
    const tree = path.join(rootfs, "tree");
    mkdirSync(tree);
    await execa(await staticProgram("tree-generate"), [tree, seed, `${entryCount}`]);
    const here = await execa(await staticProgram("tree-list"), [tree]);
    const lines = here.stdout.split("\n");
    expect(lines.length).toBeGreaterThanOrEqual(entryCount);

    const capabilities = ["CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_SYS_ADMIN"];
    const bundle = runv().bundle({ args: ["tree-list", "/tree"], rootfs, capabilities });
    const there = await runv().run(["run", "--bundle", bundle, runv().newId()]);
    expect(there).toMatchObject({ status: 0, stderr: "" });
    const arrived = new Set(there.stdout.split("\n"));
    expect(lines.filter((line) => !arrived.has(line))).toEqual([]);
    expect(there.stdout).toBe(`${here.stdout}\n`);
    rmSync(rootfs, { recursive: true });
  },
);

leavesNothing(runv);
