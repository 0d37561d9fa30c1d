import { type Facet, fieldsBelow } from "./draft.ts";

/** Policy, real-time priority and nice value: fields 41, 40 and 19 of /proc/PID/stat (proc_pid_stat(5)), counted from the third. */
const printed = "(read stat </proc/$$/stat; set -- ${stat##*) }; echo ${39} ${38} ${17})";

/** What needs a privilege of the whole guest's, a container with a user namespace has not. */
interface Policy {
  readonly asked: object;
  readonly shows: string;
}

const everybodys: readonly [Policy, ...Policy[]] = [
  { asked: { policy: "SCHED_OTHER", nice: 19 }, shows: "0 0 19" },
  { asked: { policy: "SCHED_BATCH", nice: 0, flags: ["SCHED_FLAG_RESET_ON_FORK"] }, shows: "3 0 0" },
  { asked: { policy: "SCHED_IDLE", flags: [] }, shows: "5 0 0" },
];
const roots: readonly Policy[] = [
  { asked: { policy: "SCHED_OTHER", nice: -20 }, shows: "0 0 -20" },
  { asked: { policy: "SCHED_FIFO", priority: 1 }, shows: "1 1 0" },
  { asked: { policy: "SCHED_RR", priority: 99, flags: ["SCHED_FLAG_RESET_ON_FORK"] }, shows: "2 99 0" },
  {
    asked: {
      policy: "SCHED_DEADLINE",
      flags: ["SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RESET_ON_FORK"],
      runtime: 10_000_000,
      deadline: 30_000_000,
      period: 30_000_000,
    },
    shows: "6 0 0",
  },
];

const scheduler: Facet = {
  fields: fieldsBelow(
    "process.scheduler",
    "policy",
    "nice",
    "priority",
    "flags",
    "runtime",
    "deadline",
    "period",
  ),
  ask: ({ process, checks, maps }, random) => {
    const { asked, shows } = random.pick([...everybodys, ...(maps === null ? roots : [])]);
    process["scheduler"] = asked;
    checks.push({ name: `scheduler ${JSON.stringify(asked)}`, script: printed, expected: `${shows}\n` });
  },
};

const ioPriority: Facet = {
  fields: fieldsBelow("process.ioPriority", "class", "priority"),
  ask: ({ process, checks, maps }, random) => {
    const [asked, shows] = random.pick<readonly [object, string]>([
      [{ class: "IOPRIO_CLASS_BE", priority: 7 }, "best-effort: prio 7"],
      [{ class: "IOPRIO_CLASS_BE" }, "best-effort: prio 0"],
      [{ class: "IOPRIO_CLASS_IDLE", priority: 0 }, "idle"],
      ...(maps === null ? [[{ class: "IOPRIO_CLASS_RT", priority: 0 }, "realtime: prio 0"] as const] : []),
    ]);
    process["ioPriority"] = asked;
    checks.push({ name: `I/O priority ${shows}`, script: "ionice -p $$", expected: `${shows}\n` });
  },
};

/** About further processes only: the first has all processors of the guest. */
const execAffinity: Facet = {
  fields: fieldsBelow("process.execCPUAffinity", "initial", "final"),
  ask: ({ process, checks }, random) => {
    const lists = random.pick(["", "0", " 0 , 0-1 ,,", "0-1023", "7,3,1000"]);
    process["execCPUAffinity"] = { initial: lists, final: lists };
    const script = "test $(nproc) = $(grep -c ^processor /proc/cpuinfo) && echo all";
    checks.push({ name: "processors", script, expected: "all\n" });
  },
};

export const schedulingFacets: readonly Facet[] = [scheduler, ioPriority, execAffinity];
