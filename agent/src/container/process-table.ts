import { isRunvError, ProcessInfo, parseJsonObject, RunvError } from "@runv/protocol";
import { type Collected, collect } from "../linux/collect.ts";
import { within } from "../linux/deadline.ts";
import { afterFork, clone, close, closeFrom, exit, type Fd, pipe } from "../linux/sys.ts";
import { Child } from "./child.ts";
import { runChild } from "./child-channel.ts";
import { writeProcesses } from "./process-list.ts";

const maxTableBytes = 16 << 20;
const tableMs = 5000;
/** Children at one time. One that hangs ends with the process that it hangs on. */
const maxChildren = 16;
let children = 0;

/**
 * What /proc says of the processes of a cgroup, read by a child: whoever reads a process's arguments waits for its memory, whoever looks
 * at a process that ends may be the one to tear its memory down, and a container with a FUSE device can make both last for ever. Without
 * arguments for those whose arguments cannot be had in time, and those after them.
 * @throws RunvError "timeout" when not even the processes can be had
 */
export async function processTable(cgroup: string): Promise<ProcessInfo[]> {
  if (children >= maxChildren)
    throw new RunvError(
      "resource-exhausted",
      `list processes of ${cgroup}: ${maxChildren} lists are unfinished`,
    );
  const [reader, writer] = pipe();
  try {
    const child = forkWriter(cgroup, writer);
    try {
      const table = collect(reader, maxTableBytes);
      await inTime(table, cgroup);
      const [processes, ...commands] = table.lines();
      // Without any it has said why, or died.
      if (processes === undefined) await child.report();
      return parseTable(processes ?? "", commands);
    } finally {
      child.abandon();
    }
  } finally {
    close(reader);
  }
}

function forkWriter(cgroup: string, writer: Fd): Child {
  const body = (channel: Fd): never => {
    afterFork();
    // The agent's connections, which it would hold open while it hangs.
    closeFrom(0, [channel, writer]);
    return runChild(channel, () => {
      writeProcesses(writer, cgroup);
      return exit(0);
    });
  };
  try {
    const child = new Child(
      () => clone(0),
      body,
      () => children--,
    );
    children++;
    return child;
  } finally {
    close(writer);
  }
}

async function inTime(table: Collected, cgroup: string): Promise<void> {
  try {
    await within(tableMs, `list processes of ${cgroup}`, table.ended);
  } catch (thrown) {
    if (!isRunvError(thrown, "timeout") || table.lines().length === 0) throw thrown;
  }
}

/** @param processes a JSON array @param commands JSON arrays of an index of it and arguments */
function parseTable(processes: string, commands: readonly string[]): ProcessInfo[] {
  const table = Object.values(parseJsonObject(processes) ?? {}).map((process) =>
    ProcessInfo.fromPartial(process ?? {}),
  );
  for (const line of commands) {
    const { 0: index, 1: command } = parseJsonObject(line) ?? {};
    const process = table[Number(index)];
    if (process !== undefined && typeof command === "string") process.command = command;
  }
  return table;
}
