import type { Random } from "../../fixtures/grpc/random.ts";
import { recordedProfile } from "../../oci/harness/seccomp.ts";
import { conditionsHold, type ModelCondition, randomConditions, randomWord } from "../seccomp-model.ts";
import { type Draft, type Facet, fieldsBelow, shuffled, someOf } from "./draft.ts";
import { unsigned } from "./wide-numbers.ts";

/** System calls of x86_64 that do nothing that shows, whatever their arguments, and that busybox does not make (asm/unistd_64.h). */
const idleCalls = { sched_yield: 24, munlockall: 152, sync: 162, inotify_init: 253 } as const;
type IdleCall = keyof typeof idleCalls;
const idleNames = Object.keys(idleCalls) as readonly string[] as readonly IdleCall[];

interface Action {
  readonly action: string;
  readonly errno?: number;
  /** What fixtures/native/syscalls prints, and its exit status. */
  readonly shows: string;
}

const passes = "ok\n0\n";
const fails = (errno: number): string => `${errno}\n0\n`;
/** 128 + SIGSYS. */
const killed = "159\n";

const actions: readonly [Action, ...Action[]] = [
  { action: "SCMP_ACT_ALLOW", shows: passes },
  { action: "SCMP_ACT_LOG", shows: passes },
  { action: "SCMP_ACT_ERRNO", shows: fails(1) },
  { action: "SCMP_ACT_ERRNO", errno: 0, shows: passes },
  { action: "SCMP_ACT_ERRNO", errno: 28, shows: fails(28) },
  { action: "SCMP_ACT_ERRNO", errno: 4094, shows: fails(4094) },
  // Nobody traces: ENOSYS.
  { action: "SCMP_ACT_TRACE", shows: fails(38) },
  { action: "SCMP_ACT_TRACE", errno: 65_535, shows: fails(38) },
  ...["KILL", "KILL_THREAD", "KILL_PROCESS", "TRAP"].map((kind) => ({
    action: `SCMP_ACT_${kind}`,
    shows: killed,
  })),
];
const allow = actions[0];
/** Under which the programs of a container still run, since the profile names what they need. */
const restrictive = actions.filter(({ action }) => !["SCMP_ACT_ALLOW", "SCMP_ACT_LOG"].includes(action));

interface Rule {
  readonly names: readonly IdleCall[];
  readonly does: Action;
  readonly conditions: readonly ModelCondition[];
}

const ruleJson = ({ names, does: { action, errno }, conditions }: Rule, random: Random): object => ({
  // Twice the same, and names that nobody knows, count for nothing.
  names: shuffled(random, [...names, ...names, "no_such_call", "é🦉 \n"]),
  action,
  ...(errno === undefined ? {} : { errnoRet: errno }),
  ...(conditions.length === 0 ? random.pick([{}, { args: [] }]) : { args: conditions.map(conditionJson) }),
});

const conditionJson = ({ argument, operator, value, secondValue }: ModelCondition): object => ({
  index: argument,
  op: operator,
  value: unsigned(value),
  ...(secondValue === 0n ? {} : { valueTwo: unsigned(secondValue) }),
});

/** Each rule is about other system calls: which of two rules wins is libseccomp's to say. */
function randomRules(random: Random): readonly Rule[] {
  const left = [...shuffled(random, idleNames)];
  return Array.from({ length: random.below(4) }, () => ({
    names: left.splice(0, 1 + random.below(2)),
    does: random.pick(actions),
    conditions: randomConditions((limit) => random.below(limit)),
  })).filter(({ names }) => names.length > 0);
}

/** Default action, and rules of containerd's for all but the calls that are looked at. */
function base(random: Random): { readonly otherwise: Action; readonly syscalls: readonly object[] } {
  const [first = allow, ...rest] = restrictive;
  if (random.below(2) === 0) return { otherwise: allow, syscalls: [] };
  const syscalls = (recordedProfile("containerd-1.6.20").syscalls ?? []).map((rule) => ({
    ...rule,
    names: rule.names.filter((name) => !idleNames.some((idle) => idle === name)),
  }));
  return { otherwise: random.pick([first, ...rest]), syscalls };
}

const seccomp: Facet = {
  fields: [
    ...fieldsBelow("linux.seccomp", "defaultAction", "defaultErrnoRet", "flags", "architectures"),
    ...fieldsBelow("linux.seccomp.syscalls[]", "names", "action", "errnoRet"),
    ...fieldsBelow("linux.seccomp.syscalls[].args[]", "index", "value", "valueTwo", "op"),
  ],
  ask: (draft, random) => {
    const { otherwise, syscalls } = base(random);
    const rules = randomRules(random);
    draft.linux["seccomp"] = {
      defaultAction: otherwise.action,
      ...(otherwise.errno === undefined ? {} : { defaultErrnoRet: otherwise.errno }),
      ...random.pick<object>([
        {},
        { flags: [] },
        { flags: ["SECCOMP_FILTER_FLAG_LOG"] },
        { flags: ["SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC"] },
      ]),
      ...random.pick<object>([
        {},
        { architectures: [] },
        { architectures: ["SCMP_ARCH_X86", "SCMP_ARCH_X86_64", "SCMP_ARCH_X32", "SCMP_ARCH_X86"] },
      ]),
      syscalls: [...syscalls, ...rules.map((rule) => ruleJson(rule, random))],
    };
    lookAt(draft, random, { otherwise, rules });
  },
};

/** Makes each of the calls with random arguments. */
function lookAt(
  { checks }: Draft,
  random: Random,
  { otherwise, rules }: { readonly otherwise: Action; readonly rules: readonly Rule[] },
): void {
  for (const name of someOf(random, idleNames)) {
    const args = Array.from({ length: 6 }, () => randomWord((limit) => random.below(limit)));
    const rule = rules.find(({ names }) => names.includes(name));
    const does = rule === undefined || !conditionsHold(rule.conditions, args) ? otherwise : rule.does;
    const call = [idleCalls[name], ...args].join(":");
    checks.push({
      name: `seccomp: ${name} ${args.join(" ")}`,
      script: `{ syscalls ${call}; echo $?; } 2>/dev/null`,
      expected: does.shows,
    });
  }
}

export const seccompFacets: readonly Facet[] = [seccomp];
