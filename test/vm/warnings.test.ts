import { cpSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { busyboxRootfs } from "../harness/bundle.ts";
import { leavesNothing, useRunv } from "../harness/leftovers.ts";

const runv = useRunv();

/** Runs a verb on a rootfs with a file that has less in it than its size says. @returns its status, stderr, and the log */
async function verb(name: "run" | "create", args: readonly string[]) {
  const id = runv().newId();
  const rootfs = path.join(runv().directory, `${id}-rootfs`);
  cpSync(busyboxRootfs(), rootfs, { recursive: true, verbatimSymlinks: true });
  const short = path.join(rootfs, "short");
  writeFileSync(short, "");
  const log = path.join(runv().directory, `${id}.log`);
  const bundle = runv().bundle({ args, rootfs });
  const argv = runv().argv(["--log", log, "--log-format", "json", name, "--bundle", bundle, id]);
  // Files of sysfs say that they have a page, and have a few bytes. Nobody else sees this mount.
  const script = `mount --bind /sys/kernel/uevent_seqnum ${short} && exec "$@"`;
  const outcome = await runv().shell('exec unshare -m sh -c "$@"', [script, "sh", ...argv], id);
  return { ...outcome, log: readFileSync(log, "utf8") };
}

const warning = expect.stringMatching(/^rootfs .*: 1 files became shorter while they were packed/) as string;

test("what did not arrive as it is on the host is a warning in the log", async () => {
  const { status, stderr, log } = await verb("run", ["true"]);
  expect([status, stderr]).toEqual([0, ""]);
  expect(JSON.parse(log)).toMatchObject({ level: "warning", msg: warning });
});

test("of a verb that fails it is a part of the one line", async () => {
  const { status, stderr, log } = await verb("create", ["no-such-program"]);
  const reason = expect.stringContaining("executable file not found in $PATH") as string;
  expect([status, stderr]).toEqual([1, reason]);
  expect(JSON.parse(log)).toMatchObject({ level: "error", msg: reason, warnings: [warning] });
});

leavesNothing(runv);
