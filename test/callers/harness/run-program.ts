import { spawn } from "node:child_process";

export interface Outcome {
  /** null when a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  /** Written, and followed by the end of file, once `after` has appeared on stdout. Without it stdin is /dev/null. */
  readonly reply?: { readonly after: string; readonly input: string };
  /** stdin stays open and says nothing. */
  readonly silentInput?: boolean;
}

/** Programs that hang are ended and show as a signal: longer than any boot takes on a loaded machine. */
const programTimeoutMs = 200_000;

/** Runs a program to its end, which comes when everybody who holds its output has closed it. */
export async function runProgram(argv: readonly string[], options: ProgramOptions = {}): Promise<Outcome> {
  const [program = "", ...args] = argv;
  const { reply, silentInput = false } = options;
  const child = spawn(program, args, {
    stdio: [reply === undefined && !silentInput ? "ignore" : "pipe", "pipe", "pipe"],
    timeout: programTimeoutMs,
  });
  const output = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk: Buffer) => {
    output.stdout += chunk.toString();
    if (reply !== undefined && output.stdout.includes(reply.after)) child.stdin?.end(reply.input);
  });
  child.stderr?.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
  child.stdin?.on("error", () => undefined);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { status, ...output };
}
