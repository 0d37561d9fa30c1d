import path from "node:path";
import { expect, test } from "vitest";
import { rootfsWith } from "../harness/guest-programs.ts";
import { eventually, leavesNothing, leftoversOf, useRunv } from "../harness/leftovers.ts";
import { randomFile } from "../harness/random-file.ts";

/** Room for busybox, and little more. */
const scratchMib = 32;
const runv = useRunv({ env: { RUNV_SCRATCH_MIB: `${scratchMib}` } });

test.each(["ext4", "tmpfs"])(
  "a container that fills its %s gets ENOSPC, and nothing else breaks",
  async (kind) => {
    const neighbour = await runv().running();
    const id = runv().newId();
    const bundle = runv().bundle({ args: ["sleep", "1000000"] });
    const env = { RUNV_SCRATCH: kind };
    const created = await runv().detached(["run", "--detach", "--bundle", bundle, id], id, { env });
    expect(created).toMatchObject({ status: 0, stderr: "" });

    const fill = await runv().run(["exec", id, "dd", "if=/dev/zero", "of=/full", "bs=64k"]);
    expect([fill.status, fill.stderr]).toEqual([1, expect.stringContaining("No space left on device")]);
    expect(await runv().ok(["exec", id, "sh", "-c", "cat /etc/passwd >/dev/null && echo still here"])).toBe(
      "still here\n",
    );
    // What was written before is whole, and room that is given back can be had again.
    const again = "rm /full && echo more >/more && sync && cat /more";
    expect(await runv().ok(["exec", id, "sh", "-c", again])).toBe("more\n");

    expect(await runv().ok(["exec", neighbour, "echo", "fine"])).toBe("fine\n");
    for (const one of [id, neighbour]) {
      await runv().ok(["delete", "--force", one]);
      await eventually(() => leftoversOf(runv(), one), []);
    }
  },
);

test.each(["ext4", "tmpfs"])(
  "a root file system that does not fit into its %s is an error that says so",
  async (kind) => {
    const id = runv().newId();
    const rootfs = path.join(runv().directory, `large-${kind}`);
    await rootfsWith(rootfs, []);
    randomFile(path.join(rootfs, "large"), { bytes: 2 * scratchMib * 1_048_576, times: 1 });
    const bundle = runv().bundle({ args: ["true"], rootfs });
    const outcome = await runv().detached(["create", "--bundle", bundle, id], id, {
      env: { RUNV_SCRATCH: kind },
    });
    expect([outcome.status, outcome.stderr]).toEqual([1, expect.stringMatching(/no space left|ENOSPC/i)]);
    await eventually(() => leftoversOf(runv(), id), []);
  },
);

leavesNothing(runv);
