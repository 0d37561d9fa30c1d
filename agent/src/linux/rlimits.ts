import { type Rlimit, RunvError } from "@runv/protocol";
import { step } from "./errno.ts";
import { getrlimit, setrlimit } from "./sys.ts";

/** RLIMIT_* in the order of their numbers (asm-generic/resource.h). */
const names =
  "CPU FSIZE DATA STACK CORE RSS NPROC NOFILE MEMLOCK AS LOCKS SIGPENDING MSGQUEUE NICE RTPRIO RTTIME".split(
    " ",
  );

const prefix = "RLIMIT_";

/** What the kernel gives its first process, and a container whose config.json says nothing (INR_OPEN_CUR, INR_OPEN_MAX). */
const usualOpenFiles = { soft: 1024, hard: 4096 };
/** Three descriptors a process and one a connection: more than a guest's memory holds of either. */
const agentOpenFiles = 65_536;

/** The agent serves many processes; each of them starts with the usual limit again. */
export function raiseOpenFiles(): void {
  step("raise RLIMIT_NOFILE", () =>
    setrlimit(resourceNumber("RLIMIT_NOFILE"), agentOpenFiles, agentOpenFiles),
  );
}

/** @throws RunvError "invalid-argument" for a type that does not exist */
export function checkRlimits(rlimits: readonly Rlimit[]): void {
  rlimits.forEach((rlimit) => resourceNumber(rlimit.type));
}

export function applyRlimits(rlimits: readonly Rlimit[]): void {
  const openFiles = { type: "RLIMIT_NOFILE", ...usualOpenFiles };
  const all = rlimits.some(({ type }) => type === openFiles.type) ? rlimits : [openFiles, ...rlimits];
  for (const { type, soft, hard } of all)
    step(`set ${type}`, () => setrlimit(resourceNumber(type), soft, hard));
}

/** Raises hard limits to what `applyRlimits` is to set, for a process that will not have the privilege by then. */
export function raiseRlimits(rlimits: readonly Rlimit[]): void {
  for (const { type, hard } of rlimits) {
    const present = getrlimit(resourceNumber(type));
    const isHigher = present.hard >= 0 && (hard < 0 || hard > present.hard);
    if (isHigher) step(`raise ${type}`, () => setrlimit(resourceNumber(type), present.soft, hard));
  }
}

function resourceNumber(type: string): number {
  const number = names.indexOf(type.slice(prefix.length));
  if (number < 0 || !type.startsWith(prefix))
    throw new RunvError("invalid-argument", `unknown rlimit: ${type}`);
  return number;
}
