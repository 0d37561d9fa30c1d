import { type Process, RunvError, type Scheduler } from "@runv/protocol";
import { step } from "./errno.ts";
import { setAffinity, setIoPriority, setPersonality, setScheduler } from "./sys.ts";

/** SCHED_* of sched(7). */
const policies: Readonly<Record<string, number>> = {
  SCHED_OTHER: 0,
  SCHED_FIFO: 1,
  SCHED_RR: 2,
  SCHED_BATCH: 3,
  SCHED_ISO: 4,
  SCHED_IDLE: 5,
  SCHED_DEADLINE: 6,
};

/** SCHED_FLAG_* of linux/sched.h. */
const schedulerFlags: Readonly<Record<string, number>> = {
  SCHED_FLAG_RESET_ON_FORK: 0x01,
  SCHED_FLAG_RECLAIM: 0x02,
  SCHED_FLAG_DL_OVERRUN: 0x04,
  SCHED_FLAG_KEEP_POLICY: 0x08,
  SCHED_FLAG_KEEP_PARAMS: 0x10,
  SCHED_FLAG_UTIL_CLAMP_MIN: 0x20,
  SCHED_FLAG_UTIL_CLAMP_MAX: 0x40,
};

/** IOPRIO_CLASS_* of ioprio_set(2), and where it stands in the number. */
const ioClasses: Readonly<Record<string, number>> = {
  IOPRIO_CLASS_RT: 1,
  IOPRIO_CLASS_BE: 2,
  IOPRIO_CLASS_IDLE: 3,
};
const ioClassShift = 13;

/** PER_* of personality(2). */
const personalities: Readonly<Record<string, number>> = { LINUX: 0x0000, LINUX32: 0x0008 };

/** @throws RunvError "invalid-argument" for a word that nobody knows */
export function checkScheduling({ scheduler, ioPriority }: Process): void {
  if (scheduler !== undefined) {
    numberOf(policies, scheduler.policy, "scheduler policy");
    scheduler.flags.forEach((flag) => numberOf(schedulerFlags, flag, "scheduler flag"));
  }
  if (ioPriority !== undefined) numberOf(ioClasses, ioPriority.class, "I/O priority class");
}

/** @throws RunvError "invalid-argument" for a domain that nobody knows */
export function checkPersonality(domain: string): void {
  if (domain !== "") numberOf(personalities, domain, "personality");
}

/** Of the caller, which must be the last to be forked: a task with a deadline cannot fork (sched(7)). */
export function applyScheduling({ scheduler, ioPriority }: Process): void {
  if (ioPriority !== undefined) {
    const value = (numberOf(ioClasses, ioPriority.class, "class") << ioClassShift) | ioPriority.priority;
    step("set process.ioPriority", () => setIoPriority(value));
  }
  if (scheduler !== undefined) step("set process.scheduler", () => setScheduler(attributesOf(scheduler)));
}

/** @param processors empty: left alone */
export function applyAffinity(processors: readonly number[], what: string): void {
  if (processors.length > 0) step(`set process.execCPUAffinity.${what}`, () => setAffinity(processors));
}

/** @param domain empty: left alone */
export function applyPersonality(domain: string): void {
  if (domain === "") return;
  step(`set personality ${domain}`, () => setPersonality(numberOf(personalities, domain, "personality")));
}

function attributesOf(scheduler: Scheduler): Parameters<typeof setScheduler>[0] {
  const { policy, flags, nice, priority, runtimeNs, deadlineNs, periodNs } = scheduler;
  return {
    policy: numberOf(policies, policy, "policy"),
    flags: flags.reduce((sum, flag) => sum | numberOf(schedulerFlags, flag, "flag"), 0),
    nice,
    priority,
    runtimeNs,
    deadlineNs,
    periodNs,
  };
}

function numberOf(numbers: Readonly<Record<string, number>>, name: string, what: string): number {
  const found = Object.hasOwn(numbers, name) ? numbers[name] : undefined;
  if (found === undefined) throw new RunvError("invalid-argument", `unknown ${what}: "${name}"`);
  return found;
}
