import type { Capabilities } from "@runv/protocol";
import { RunvError } from "@runv/protocol";
import { errnoOf, step, tolerate } from "./errno.ts";
import { capset, prctl } from "./sys.ts";

/** Names in the order of their numbers (linux/capability.h). */
const names = [
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE",
  "NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE",
  "SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE",
  "AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF",
  "CHECKPOINT_RESTORE",
]
  .join(" ")
  .split(" ");

export const CAP_SYS_ADMIN = names.indexOf("SYS_ADMIN");

/** Options of prctl(2). */
const PR_SET_KEEPCAPS = 8;
const PR_CAPBSET_READ = 23;
const PR_CAPBSET_DROP = 24;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_RAISE = 2;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;

/** The five sets as numbers, each without what this kernel does not know. */
export interface CapabilitySets {
  readonly bounding: readonly number[];
  readonly effective: readonly number[];
  readonly inheritable: readonly number[];
  readonly permitted: readonly number[];
  readonly ambient: readonly number[];
}

/** @param asked absent: no capabilities. @throws RunvError "invalid-argument" for a name that does not exist */
export function parseCapabilities(asked: Capabilities | undefined): CapabilitySets {
  const last = lastCapability();
  const numbers = (set: readonly string[] | undefined): number[] =>
    [...new Set((set ?? []).map(capabilityNumber))].filter((number) => number <= last);
  return {
    bounding: numbers(asked?.bounding),
    effective: numbers(asked?.effective),
    inheritable: numbers(asked?.inheritable),
    permitted: numbers(asked?.permitted),
    ambient: numbers(asked?.ambient),
  };
}

const prefix = "CAP_";

function capabilityNumber(name: string): number {
  const number = names.indexOf(name.startsWith(prefix) ? name.slice(prefix.length) : name);
  if (number < 0) throw new RunvError("invalid-argument", `unknown capability: ${name}`);
  return number;
}

/** The highest number that this kernel knows. */
function lastCapability(): number {
  let last = -1;
  while (last < 63 && isKnown(last + 1)) last++;
  return last;
}

function isKnown(number: number): boolean {
  try {
    prctl(PR_CAPBSET_READ, number, 0, 0, 0);
    return true;
  } catch (thrown) {
    if (errnoOf(thrown) === "EINVAL") return false;
    throw thrown;
  }
}

/** While this is on, leaving uid 0 keeps the permitted set. */
export function keepCapabilities(on: boolean): void {
  prctl(PR_SET_KEEPCAPS, on ? 1 : 0, 0, 0, 0);
}

/** Gives up for good what a set-user-id program could otherwise get back. */
export function limitBoundingSet(bounding: readonly number[]): void {
  const last = lastCapability();
  for (let number = 0; number <= last; number++) {
    if (bounding.includes(number)) continue;
    step(`drop capability ${names[number] ?? number}`, () => prctl(PR_CAPBSET_DROP, number, 0, 0, 0));
  }
}

/** The same, with one more that the process itself can use. */
export function withCapability(sets: CapabilitySets, number: number): CapabilitySets {
  return {
    ...sets,
    effective: [...new Set([...sets.effective, number])],
    permitted: [...new Set([...sets.permitted, number])],
  };
}

/** Three of the process's sets. The ambient one only loses what is no longer permitted. */
export function replaceSets(sets: CapabilitySets): void {
  capset(sets.effective, sets.permitted, sets.inheritable);
}

/** Sets the four sets of the process itself. */
export function applyCapabilities(sets: CapabilitySets): void {
  step("set capabilities", () => replaceSets(sets));
  // Linux before 4.3 knows no ambient set.
  tolerate(["EINVAL"], () => void prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
  // EPERM: a capability that is not both permitted and inheritable cannot be ambient; runc leaves it out as well.
  for (const number of sets.ambient)
    tolerate(["EINVAL", "EPERM"], () => void prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0));
}
