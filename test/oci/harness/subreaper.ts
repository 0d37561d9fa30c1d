import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const source = path.join(import.meta.dirname, "subreaper.c");

let program: string | null = null;

/** Builds the helper once for each test process. */
function subreaperProgram(): string {
  if (program === null) {
    program = path.join(mkdtempSync(path.join(tmpdir(), "runv-subreaper-")), "subreaper");
    execFileSync("gcc", ["-O1", "-Wall", "-Wextra", "-Werror", "-o", program, source]);
  }
  return program;
}

/** A verb that runs under a subreaper, as under a containerd shim. */
export class Subreaper {
  readonly #child: ChildProcess;
  #report = "";
  #stderr = "";

  /** @param stdio what the verb gets as stdin and stderr; its stdout is the helper's report, so send the verb's elsewhere. */
  constructor(pidFile: string, argv: readonly string[]) {
    const quiet = ["sh", "-c", 'exec "$@" >/dev/null', "sh", ...argv];
    this.#child = spawn(subreaperProgram(), [pidFile, ...quiet], { stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stdout?.on("data", (chunk: Buffer) => (this.#report += chunk.toString()));
    this.#child.stderr?.on("data", (chunk: Buffer) => (this.#stderr += chunk.toString()));
  }

  /** @returns the statuses reported so far, by "verb" and "process". */
  get statuses(): Readonly<Record<string, number>> {
    const lines = this.#report
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" "));
    return Object.fromEntries(lines.map(([what = "", status]) => [what, Number(status)]));
  }

  /** What went wrong, if anything did. */
  get stderr(): string {
    return this.#stderr;
  }

  async ended(): Promise<void> {
    if (this.#child.exitCode === null) await once(this.#child, "exit");
  }
}
