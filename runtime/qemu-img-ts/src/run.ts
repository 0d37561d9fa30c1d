import { execa } from "execa";
import { QemuImgError } from "./error.ts";

export interface RunOptions {
  /** The program; default "qemu-img" in PATH. */
  readonly program?: string;
  /** Default 60,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const defaultTimeoutMs = 60_000;

/** Runs one qemu-img command and returns what it printed. @throws QemuImgError with what it said on stderr. */
export async function runQemuImg(args: readonly string[], options: RunOptions): Promise<string> {
  const result = await execa(options.program ?? "qemu-img", args, {
    reject: false,
    stdin: "ignore",
    timeout: options.timeoutMs ?? defaultTimeoutMs,
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  });
  if (!result.failed) return result.stdout;
  if (result.code === "ENOENT")
    throw new QemuImgError(
      "not-installed",
      `${options.program ?? "qemu-img"} is not installed (Debian package qemu-utils)`,
    );
  const said = result.stderr.trim().replace(/^qemu-img: /, "");
  throw new QemuImgError("failed", `qemu-img ${args[0] ?? ""}: ${said === "" ? result.shortMessage : said}`, {
    cause: result,
  });
}
