import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ConfinedRoot } from "../../../resident/contract/monitor.ts";
import { findProgram, type ProgramPaths } from "../../shared/installation.ts";
import { runProgram } from "../../shared/run-program.ts";

export const virtiofsdName = "virtiofsd";
/** Where distributions put it: of its own package, and of QEMU up to 7.2. */
const usualPlaces = ["/usr/libexec/virtiofsd", "/usr/lib/qemu/virtiofsd", "/usr/lib/virtiofsd"];
const loader = "ld-linux-x86-64.so.2";
const versionTimeoutMs = 10_000;

/** @throws RunvError "unavailable" when there is none where it is configured to be. */
export function findVirtiofsd(programs: ProgramPaths): string | null {
  return findProgram(virtiofsdName, programs) ?? usualPlaces.find((path) => existsSync(path)) ?? null;
}

/** Why this host cannot run virtiofsd; null when it can. */
export function virtiofsdProblem(programs: ProgramPaths): string | null {
  if (findVirtiofsd(programs) !== null) return null;
  return `the program ${virtiofsdName} is not installed (Debian package ${virtiofsdName}, or programs.${virtiofsdName} in the configuration)`;
}

/** What this host's virtiofsd is known to do to files; null when nothing. */
export async function virtiofsdFlaw(programs: ProgramPaths, signal: AbortSignal): Promise<string | null> {
  const path = findVirtiofsd(programs);
  if (path === null) return null;
  const libraries = ownLibraries(path);
  const [command = path, ...args] =
    libraries === null ? [path] : [join(libraries, loader), "--library-path", libraries, path];
  const answer = await runProgram(command, [...args, "--version"], {
    what: "share",
    timeoutMs: versionTimeoutMs,
    signal,
  });
  return isQemus(answer)
    ? "it is the one in C of QEMU up to 7.2: files opened with O_APPEND grow when they are changed through a mapping"
    : null;
}

/** "virtiofsd version 7.2.22 (…)" and a line on FUSE; the one in Rust says "virtiofsd 1.13.2". */
function isQemus(version: string): boolean {
  return version.startsWith(`${virtiofsdName} version `);
}

/**
 * How it is started in a root of its own. A program that needs a newer C library than the host's comes with its own beside it, in `lib/`: then
 * it is started through the loader that is there.
 */
export function virtiofsdParts(path: string): { launcher: string[]; binds: ConfinedRoot["binds"] } {
  const target = `/usr/bin/${virtiofsdName}`;
  const own = { source: path, target, readonly: true, optional: false };
  const libraries = ownLibraries(path);
  if (libraries === null) return { launcher: [target], binds: [own] };
  const bundled = "/libraries";
  return {
    launcher: [`${bundled}/${loader}`, "--library-path", bundled, target],
    binds: [own, { source: libraries, target: bundled, readonly: true, optional: false }],
  };
}

function ownLibraries(path: string): string | null {
  const libraries = join(dirname(path), "lib");
  return existsSync(join(libraries, loader)) ? libraries : null;
}
