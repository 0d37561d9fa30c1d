import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { vmDirectory } from "../../runtime/src/state/vm-directory.ts";
import { commandLineOf, type HostProcess, hostProcesses } from "./host-processes.ts";
import { distDirectory } from "./paths.ts";
import { Runv, type RunvOptions, runvDirectoryPrefix } from "./runv.ts";
import { cgroupMembers } from "./vm-pieces.ts";

/** How long what ends on its own may take on a loaded host; asserted by polling. */
const settleDeadlineMs = 30_000;
const pollIntervalMs = 100;

const pollOptions = { timeout: settleDeadlineMs, interval: pollIntervalMs };

/** Expects a value to become `expected`, however loaded the host. */
export async function eventually<T>(probe: () => T | Promise<T>, expected: unknown): Promise<void> {
  await expect.poll(probe, pollOptions).toEqual(expected);
}

/** What a container left on the host after it was deleted: nothing, if all is well. */
export function leftoversOf(runv: Runv, id: string): string[] {
  const directory = vmDirectory(runv.root, id);
  return [
    ...cgroupMembers(id).map(({ pid, name }) => `process ${pid} (${name})`),
    ...cgroupDirectories(id).map((cgroup) => `cgroup ${cgroup}`),
    ...linesWith("/proc/self/mountinfo", directory).map((line) => `mount ${line}`),
    ...linesWith("/proc/net/unix", directory).map((line) => `socket ${line}`),
    ...[directory, path.join(runv.root, id)]
      .filter((file) => existsSync(file))
      .map((file) => `directory ${file}`),
  ];
}

/** The same for all containers of this runv, and what else is its own. */
function leftovers(runv: Runv): string[] {
  return [
    ...runv.ids.flatMap((id) => leftoversOf(runv, id)),
    ...linesWith("/proc/self/mountinfo", runv.directory).map((line) => `mount ${line}`),
    ...entries(runv.root).map((name) => `state ${name}`),
  ];
}

/** What does not tell whose it is: scratch files, which have a name for a moment only, and processes of our programs. */
function leftoversOfAnyone(runv: Runv): string[] {
  const scratch = runv.env["RUNV_SCRATCH_DIR"] ?? "";
  return [
    ...hostProcesses()
      .filter(({ executable }) => executable.startsWith(`${distDirectory}/`))
      .filter((candidate) => !isOfAnother(candidate, runv))
      .map(({ pid, executable }) => `process ${pid} (${executable})`),
    ...entries(scratch)
      .filter((name) => !name.endsWith(".template"))
      .map((name) => `scratch file ${name}`),
  ];
}

/** Whether a process is a verb of a test beside this one, or in the cgroup of one of its containers, while that test is there. */
function isOfAnother({ pid, cgroups }: HostProcess, { directory }: Runv): boolean {
  const names =
    `${cgroups}${commandLineOf(pid)}`.match(new RegExp(`${runvDirectoryPrefix}\\w{6}`, "g")) ?? [];
  const siblings = names.map((name) => path.join(path.dirname(directory), name));
  return siblings.some((sibling) => sibling !== directory && existsSync(sibling));
}

/**
 * A runv for the tests of one file. The last of them, added by `leavesNothing`, sees to it that nothing is left on the host; what a
 * failed test left is removed after that, so that the next file starts clean.
 */
export function useRunv(options: RunvOptions = {}): () => Runv {
  let runv: Runv | null = null;
  beforeAll(() => {
    runv = new Runv(options);
  });
  afterAll(async () => {
    await runv?.dispose();
  });
  return () => {
    if (runv === null) throw new Error("use it inside tests only");
    return runv;
  };
}

/** To be called after the other tests of a file. */
export function leavesNothing(runv: () => Runv): void {
  test("nothing is left on the host", async () => {
    for (const id of runv().ids) await runv().ok(["delete", "--force", id]);
    // What comes after this is of a test beside this one.
    const present = new Set(leftoversOfAnyone(runv()));
    const stillPresent = (): string[] => leftoversOfAnyone(runv()).filter((thing) => present.has(thing));
    await eventually(() => [...leftovers(runv()), ...stillPresent()], []);
  });
}

/** The directories of the cgroup /runv/`id`, in every hierarchy. */
export function cgroupDirectories(id: string): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => path.join(line.split(" ")[4] ?? "", "runv", id))
    .filter((directory) => existsSync(directory));
}

function linesWith(file: string, text: string): string[] {
  return readFileSync(file, "latin1")
    .split("\n")
    .filter((line) => line.includes(text));
}

function entries(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}
