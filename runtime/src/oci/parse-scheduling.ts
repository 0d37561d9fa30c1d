import type { JsonCursor } from "../shared/json-cursor.ts";
import { ioPriorityClasses, schedulerFlags, schedulerPolicies } from "./linux-names.ts";
import type { ProcessSpec, SchedulerSpec } from "./process-spec.ts";

const leastNice = -20;
const greatestNice = 19;
const lowestIoPriority = 7;
/** sched(7): 1 to 99 for real time, 0 for the others. */
const greatestPriority = 99;
/** As many as a mask of sched_setaffinity(2) holds in its usual size. */
const maxProcessors = 1024;

/** Accepts `process.scheduler`; what fits together is runc's rule (configs/validate). */
export function parseScheduler(scheduler: JsonCursor): SchedulerSpec {
  const policy = scheduler.member("policy").oneOf(schedulerPolicies);
  const number = (name: string, least: number, greatest: number): number =>
    scheduler.member(name).optional((value) => value.integer(least, greatest), 0);
  const parsed = {
    policy,
    nice: number("nice", leastNice, greatestNice),
    priority: number("priority", 0, greatestPriority),
    flags: scheduler.member("flags").array((flag) => flag.oneOf(schedulerFlags)),
    runtimeNs: number("runtime", 0, Number.MAX_SAFE_INTEGER),
    deadlineNs: number("deadline", 0, Number.MAX_SAFE_INTEGER),
    periodNs: number("period", 0, Number.MAX_SAFE_INTEGER),
  };
  if (parsed.priority !== 0 && policy !== "SCHED_FIFO" && policy !== "SCHED_RR")
    scheduler.member("priority").fail("is of SCHED_FIFO and SCHED_RR only");
  const { runtimeNs, deadlineNs, periodNs } = parsed;
  if (policy !== "SCHED_DEADLINE" && (runtimeNs !== 0 || deadlineNs !== 0 || periodNs !== 0))
    scheduler.fail("runtime, deadline and period are of SCHED_DEADLINE only");
  return parsed;
}

/** Accepts `process.ioPriority`. */
export function parseIoPriority(ioPriority: JsonCursor): ProcessSpec["ioPriority"] {
  return {
    class: ioPriority.member("class").oneOf(ioPriorityClasses),
    priority: ioPriority.member("priority").optional((value) => value.integer(0, lowestIoPriority), 0),
  };
}

/** Accepts `process.execCPUAffinity`, which is about further processes only (config.md, "Linux Process"). */
export function parseExecCpuAffinity(affinity: JsonCursor): ProcessSpec["execCpuAffinity"] {
  return {
    initial: affinity.member("initial").optional(parseProcessorList, []),
    final: affinity.member("final").optional(parseProcessorList, []),
  };
}

/** "0-3,7" (cpuset(7), "List format"). */
function parseProcessorList(list: JsonCursor): readonly number[] {
  const ranges = list
    .string()
    .split(",")
    .filter((range) => range.trim() !== "");
  return ranges.flatMap((range) => {
    const [, first = "", last = first] = /^\s*(\d{1,4})(?:-(\d{1,4}))?\s*$/.exec(range) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === "" || from > to || to >= maxProcessors)
      return list.fail(`must be a list of processors below ${maxProcessors}, as "0-3,7"`);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}
