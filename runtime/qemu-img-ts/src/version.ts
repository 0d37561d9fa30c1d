import { type RunOptions, runQemuImg } from "./run.ts";

/** The program that this package runs, and the Debian package that has it. */
export const tool = { program: "qemu-img", debianPackage: "qemu-utils" } as const;

/** @returns "7.2.22". @throws QemuImgError not-installed. */
export async function toolVersion(options: RunOptions = {}): Promise<string> {
  const answer = await runQemuImg(["--version"], options);
  return /\d+(\.\d+)+/.exec(answer)?.[0] ?? "of an unknown version";
}
