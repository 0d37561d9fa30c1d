import { RunvError } from "@runv/protocol";

/** SCMP_ACT_* of libseccomp's seccomp.h. Only ERRNO and TRACE have a number of their own below. */
const actions: Readonly<Record<string, number>> = {
  SCMP_ACT_KILL: 0,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_ERRNO: 0x00050000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
};
const actionsWithErrno = ["SCMP_ACT_ERRNO", "SCMP_ACT_TRACE"];
const maxErrno = 0xffff;
const EPERM = 1;

/** SCMP_CMP_* of libseccomp's seccomp.h. */
const operators: Readonly<Record<string, number>> = {
  SCMP_CMP_NE: 1,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 3,
  SCMP_CMP_EQ: 4,
  SCMP_CMP_GE: 5,
  SCMP_CMP_GT: 6,
  SCMP_CMP_MASKED_EQ: 7,
};

/** SECCOMP_FILTER_FLAG_* of linux/seccomp.h. */
const flags: Readonly<Record<string, number>> = {
  SECCOMP_FILTER_FLAG_TSYNC: 1,
  SECCOMP_FILTER_FLAG_LOG: 2,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 4,
};

/** @param errno absent: EPERM, as runc's. @throws RunvError "invalid-argument" */
export function actionNumber(name: string, errno: number | undefined): number {
  const action = known(actions, name, "action");
  if (!actionsWithErrno.includes(name)) return action;
  if (errno !== undefined && errno > maxErrno) refuse("errno", String(errno));
  return action + (errno ?? EPERM);
}

/** Whether a program that cannot be told what a new system call does is better let through (runc: isAllowAction). */
export function isPermissive(action: string): boolean {
  return ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE"].includes(action);
}

export function operatorNumber(name: string): number {
  return known(operators, name, "operator");
}

export function flagNumber(name: string): number {
  return known(flags, name, "flag");
}

const archPrefix = /^SCMP_ARCH_/;

/** "SCMP_ARCH_X86_64" is "x86_64" to libseccomp's functions. */
export function architectureName(name: string): string {
  if (!archPrefix.test(name)) refuse("architecture", name);
  return name.replace(archPrefix, "").toLowerCase();
}

function known(table: Readonly<Record<string, number>>, name: string, what: string): number {
  const number = Object.hasOwn(table, name) ? table[name] : undefined;
  return number ?? refuse(what, name);
}

function refuse(what: string, which: string): never {
  throw new RunvError("invalid-argument", `seccomp profile: unknown ${what}: ${which.slice(0, 64)}`);
}
