import { RunvError } from "@runv/protocol/errors";

export interface RunProgramOptions {
  /** What it is run for, for error messages. */
  readonly what: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Runs a helper program of the host to its end. @returns what it printed. @throws RunvError internal with what it said on stderr. */
export async function runProgram(
  path: string,
  args: readonly string[],
  options: RunProgramOptions,
): Promise<string> {
  const { execa } = await import("execa");
  const result = await execa(path, args, {
    reject: false,
    stdin: "ignore",
    timeout: options.timeoutMs,
    cancelSignal: options.signal,
  });
  if (!result.failed) return result.stdout;
  const said = result.stderr.trim();
  throw new RunvError("internal", `${options.what}: ${path}: ${said === "" ? result.shortMessage : said}`, {
    cause: result,
  });
}
