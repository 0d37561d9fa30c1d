import { spawn } from "node:child_process";

export interface Outcome {
  /** null when a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  /** What it reads; by default nothing: /dev/null. */
  readonly stdin?: string | Buffer;
  readonly cwd?: string;
}

/** Runs a program to its end, which comes when everybody who holds its output has closed it. */
export async function runProgram(argv: readonly string[], options: ProgramOptions = {}): Promise<Outcome> {
  const [program = "", ...args] = argv;
  const { stdin, cwd } = options;
  const child = spawn(program, args, {
    stdio: [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    cwd,
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
  // The reader may leave before it has read everything.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(stdin);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { status, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}
