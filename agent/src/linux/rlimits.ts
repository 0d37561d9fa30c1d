import { type Rlimit, RunvError } from "@runv/protocol";
import { step } from "./errno.ts";
import { setrlimit } from "./sys.ts";

/** RLIMIT_* in the order of their numbers (asm-generic/resource.h). */
const names =
  "CPU FSIZE DATA STACK CORE RSS NPROC NOFILE MEMLOCK AS LOCKS SIGPENDING MSGQUEUE NICE RTPRIO RTTIME".split(
    " ",
  );

/** @throws RunvError "invalid-argument" for a type that does not exist */
export function checkRlimits(rlimits: readonly Rlimit[]): void {
  rlimits.forEach((rlimit) => resourceNumber(rlimit.type));
}

export function applyRlimits(rlimits: readonly Rlimit[]): void {
  for (const { type, soft, hard } of rlimits)
    step(`set ${type}`, () => setrlimit(resourceNumber(type), soft, hard));
}

function resourceNumber(type: string): number {
  const number = names.indexOf(type.replace(/^RLIMIT_/, ""));
  if (number < 0 || !type.startsWith("RLIMIT_"))
    throw new RunvError("invalid-argument", `unknown rlimit: ${type}`);
  return number;
}
