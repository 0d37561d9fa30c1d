import { runProgram } from "../../shared/run-program.ts";
import { program } from "./program.ts";

/** The first with everything that is asked of it: a microvm without ACPI. */
const oldestVersion = [5, 2] as const;
const askTimeoutMs = 10_000;

/** The version that the emulator at this path tells of itself. @throws RunvError "internal" when it does not run */
export async function emulatorVersion(path: string, signal: AbortSignal): Promise<string> {
  const answer = await runProgram(path, ["--version"], {
    what: "hypervisor",
    timeoutMs: askTimeoutMs,
    signal,
  });
  return /\d+(\.\d+)+/.exec(answer)?.[0] ?? "of an unknown version";
}

/** Why it is too old; null when it is not, or does not tell. */
export function versionProblem(version: string): string | null {
  const [major, minor] = version.split(".").map(Number);
  if (major === undefined || minor === undefined || Number.isNaN(major)) return null;
  const [oldestMajor, oldestMinor] = oldestVersion;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return null;
  return `this ${program} is ${version}, and ${oldestVersion.join(".")} or newer is needed`;
}
