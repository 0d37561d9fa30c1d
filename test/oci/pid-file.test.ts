import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import type { Bed, Change } from "./harness/bed.ts";
import { Subreaper } from "./harness/subreaper.ts";
import { ociSuite } from "./harness/suite.ts";

/** Creates a container under a subreaper and waits for the verb's end. */
async function createUnderSubreaper(bed: Bed, change: Change) {
  const id = bed.newId();
  const pidFile = bed.path("pid");
  const subreaper = new Subreaper(
    pidFile,
    bed.argv("create", "--bundle", bed.bundle(change), "--pid-file", pidFile, id),
  );
  await expect.poll(() => subreaper.statuses["verb"] ?? subreaper.stderr, { timeout: 200_000 }).toBe(0);
  return { id, pidFile, subreaper };
}

ociSuite("the pid file", ({ test }) => {
  test("has the pid of state, and no newline", async (bed) => {
    const { id, pidFile, subreaper } = await createUnderSubreaper(bed, () => undefined);
    expect(readFileSync(pidFile, "utf8")).toBe(String((await bed.state(id)).pid));
    await bed.must("delete", "--force", id);
    await subreaper.ended();
  });
});

ociSuite("the process that the pid file names", ({ each, test }) => {
  each(
    [0, 42],
    (status) => `is the caller's to wait for: exit status ${status}`,
    async (bed, status) => {
      const { id, subreaper } = await createUnderSubreaper(
        bed,
        (config) => (config.process.args = ["sh", "-c", `exit ${status}`]),
      );
      await bed.must("start", id);
      await subreaper.ended();
      expect([subreaper.statuses, subreaper.stderr]).toEqual([{ verb: 0, process: status }, ""]);
    },
  );

  test("ends with 128 + the signal that killed the container", async (bed) => {
    const { id, subreaper } = await createUnderSubreaper(
      bed,
      (config) => (config.process.args = ["sleep", "1000"]),
    );
    await bed.must("start", id);
    await bed.must("kill", id, "KILL");
    await subreaper.ended();
    expect(subreaper.statuses).toEqual({ verb: 0, process: 137 });
  });

  test("has the container's root file system as its own", async (bed) => {
    const { id, subreaper } = await createUnderSubreaper(bed, () => undefined);
    const { pid, bundle } = await bed.state(id);
    writeFileSync(path.join(bundle, "rootfs/marker"), "");
    expect(existsSync(`/proc/${pid}/root/marker`)).toBe(true);
    expect(existsSync(`/proc/${pid}/root/${bundle}`)).toBe(false);
    await bed.must("delete", "--force", id);
    await subreaper.ended();
  });
});
