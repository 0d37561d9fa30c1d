import { cpSync, readFileSync } from "node:fs";
import path from "node:path";
import { staticProgram } from "../../harness/guest-programs.ts";
import type { Bed, Change } from "./bed.ts";
import type { SeccompConfig } from "./config.ts";
import type { Outcome } from "./run-program.ts";

const fixtures = path.resolve(import.meta.dirname, "../../fixtures");

/** System calls of x86_64 that do nothing, whatever their arguments (asm/unistd_64.h). */
export const idle = {
  getpid: 39,
  getuid: 102,
  getgid: 104,
  geteuid: 107,
  getegid: 108,
  getppid: 110,
  gettid: 186,
} as const;
/** The same of i386 (asm/unistd_32.h), as the probe takes it. */
export const idle32 = { getpid: "i386/20", getppid: "i386/64" } as const;

/** What containerd or Docker put into config.json for a container with their usual capabilities; recorded from them. */
export function recordedProfile(name: "containerd-1.6.20" | "docker-20.10.24"): SeccompConfig {
  return JSON.parse(readFileSync(path.join(fixtures, `seccomp/${name}.json`), "utf8")) as SeccompConfig;
}

/** A bundle whose process makes these system calls; see fixtures/native/syscalls.c. */
export async function callingBundle(
  bed: Bed,
  seccomp: SeccompConfig,
  calls: readonly string[],
  change: Change = () => undefined,
): Promise<string> {
  const bundle = bed.bundle((config) => {
    config.process.args = ["/bin/syscalls", ...calls];
    config.linux.seccomp = seccomp;
    change(config);
  });
  cpSync(await staticProgram("syscalls"), path.join(bundle, "rootfs/bin/syscalls"));
  return bundle;
}

/** Runs it to its end. */
export async function outcomeOfCalls(...of: Parameters<typeof callingBundle>): Promise<Outcome> {
  const [bed] = of;
  return bed.verb(["run", "--bundle", await callingBundle(...of), bed.newId()]);
}

/** What came of each system call: "ok", or the errno. @throws unless the process ended well */
export async function resultsOfCalls(...of: Parameters<typeof callingBundle>): Promise<string[]> {
  const { status, stdout, stderr } = await outcomeOfCalls(...of);
  if (status !== 0) throw new Error(`exit status ${status}: ${stdout}${stderr}`);
  return stdout.trimEnd().split("\n");
}
