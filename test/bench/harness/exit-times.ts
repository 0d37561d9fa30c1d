import { type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import type { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

type Listener = ChildProcessByStdio<Writable, Readable, null>;

/** How long the kernel's last messages may take. */
const settleMs = 50;

/** The CPU time of one process that has ended. */
export interface ProcessTime {
  readonly name: string;
  readonly cpuMs: number;
}

interface ThreadEnd {
  readonly pid: number;
  readonly process: number;
  readonly parent: number;
  readonly cpuUs: number;
  readonly name: string;
}

/** Knows the CPU time of every process that has ended since it was started. */
export class ExitTimes {
  readonly #listener: Listener;
  #text = "";

  private constructor(listener: Listener) {
    this.#listener = listener;
    listener.stdout.on("data", (chunk: Buffer) => (this.#text += chunk.toString()));
  }

  /** @param directory for the program that listens */
  static async start(directory: string): Promise<ExitTimes> {
    const program = path.join(directory, "exit-times");
    const source = path.join(import.meta.dirname, "exit-times.c");
    execFileSync("gcc", ["-O1", "-Wall", "-Wextra", "-Werror", "-o", program, source]);
    const listener = spawn(program, [], { stdio: ["pipe", "pipe", "inherit"] });
    const times = new ExitTimes(listener);
    await once(listener.stdout, "data");
    return times;
  }

  /** A process and all that descend from it, which must have ended. */
  async familyOf(pid: number): Promise<readonly ProcessTime[]> {
    await delay(settleMs);
    const threads = this.#text.split("\n").flatMap(parseLine);
    const family = new Set([pid]);
    // A set's loop goes through what is added to it meanwhile: children, then their children.
    for (const member of family)
      for (const thread of threads) if (thread.parent === member) family.add(thread.process);
    return [...family].map((member) => {
      const own = threads.filter((thread) => thread.process === member);
      const name = own.find((thread) => thread.pid === member)?.name ?? "?";
      return { name, cpuMs: own.reduce((sum, thread) => sum + thread.cpuUs, 0) / 1000 };
    });
  }

  /** Forgets what has ended so far: pids come again. */
  forget(): void {
    this.#text = "";
  }

  stop(): void {
    this.#listener.stdin.end();
  }
}

function parseLine(line: string): ThreadEnd[] {
  const match = /^(\d+) (\d+) (\d+) (\d+) (.*)$/.exec(line);
  if (match === null) return [];
  const [, pid, process, parent, cpuUs, name = ""] = match;
  return [{ pid: Number(pid), process: Number(process), parent: Number(parent), cpuUs: Number(cpuUs), name }];
}
