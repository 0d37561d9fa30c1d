import type { Seccomp, SeccompCondition, SeccompRule } from "@runv/protocol";
import { expect, test } from "vitest";
import { randomNumbers } from "../../fixtures/native/random-numbers.ts";
import { verdict, x8664 } from "../../harness/classic-bpf.ts";
import { caseCount } from "../../harness/sample.ts";
import {
  conditionsHold,
  type ModelCondition,
  randomConditions,
  randomWord,
} from "../../harness/seccomp-model.ts";
import { compiledProfiles } from "./seccomp-profiles.ts";

/** System calls of x86_64 in the order of their numbers, from 0 (asm/unistd_64.h). */
const names = [
  "read write open close stat fstat lstat poll lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn",
  "ioctl pread64 pwrite64 readv writev access pipe select sched_yield mremap msync mincore madvise shmget shmat shmctl",
  "dup dup2 pause nanosleep getitimer alarm setitimer getpid sendfile socket connect accept sendto recvfrom sendmsg",
]
  .join(" ")
  .split(" ");
const actions: readonly (readonly [name: string, errno: number | undefined, verdict: number])[] = [
  ["SCMP_ACT_ALLOW", undefined, 0x7fff0000],
  ["SCMP_ACT_LOG", undefined, 0x7ffc0000],
  ["SCMP_ACT_TRACE", 300, 0x7ff00000 + 300],
  ["SCMP_ACT_ERRNO", 38, 0x00050000 + 38],
  ["SCMP_ACT_ERRNO", undefined, 0x00050000 + 1],
  ["SCMP_ACT_TRAP", undefined, 0x00030000],
  ["SCMP_ACT_KILL_PROCESS", undefined, 0x80000000],
];
const permissive = ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE"];
const enosys = 0x00050000 + 38;

type Random = (below: number) => number;
const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)] as T;

const asText = ({ argument, operator, value, secondValue }: ModelCondition): SeccompCondition => ({
  argument,
  operator,
  value: String(value),
  secondValue: String(secondValue),
});
const asModel = ({ argument, operator, value, secondValue }: SeccompCondition): ModelCondition => ({
  argument,
  operator,
  value: BigInt(value),
  secondValue: BigInt(secondValue),
});

/** Each rule is about other system calls: which of two rules wins is libseccomp's to say. */
function profile(random: Random): Seccomp {
  const [defaultAction, defaultErrno] = pick(random, actions);
  const left = [...names];
  const rules = Array.from({ length: 1 + random(12) }, (): SeccompRule => {
    const [action, errno] = pick(random, actions);
    const chosen = Array.from({ length: 1 + random(6) }, () => left.splice(random(left.length), 1)).flat();
    const conditions = randomConditions(random).map(asText);
    return { names: [...chosen, "no_such_call"], action, errno, conditions };
  }).filter((rule) => rule.names.length > 1);
  const architectures = pick(random, [
    [],
    ["SCMP_ARCH_X86_64"],
    ["SCMP_ARCH_X86", "SCMP_ARCH_X86_64", "SCMP_ARCH_X32"],
  ]);
  return { defaultAction, defaultErrno, architectures, flags: undefined, rules };
}

const verdictOf = (action: string, errno: number | undefined): number | undefined =>
  actions.find(([name, number]) => name === action && number === errno)?.[2];

/** What the profile says of a system call. */
function expected(asked: Seccomp, number: number, args: readonly bigint[]): number | undefined {
  const numbers = asked.rules.flatMap((rule) => rule.names.map((name) => names.indexOf(name)));
  const hasStub =
    asked.architectures.includes("SCMP_ARCH_X86_64") && !permissive.includes(asked.defaultAction);
  if (hasStub && Math.max(...numbers) > 0 && number > Math.max(...numbers)) return enosys;
  const rule = asked.rules.find((candidate) => candidate.names.includes(names[number] ?? ""));
  if (rule === undefined || !conditionsHold(rule.conditions.map(asModel), args))
    return verdictOf(asked.defaultAction, asked.defaultErrno);
  return verdictOf(rule.action, rule.errno);
}

const profiles = caseCount({ sample: 100, full: 3000 });
const callsOfEach = 200;

test("random profiles decide as they say", async () => {
  const random = randomNumbers(20_261_121);
  const asked = Array.from({ length: profiles }, () => profile(random));
  const results = await compiledProfiles(asked);
  for (const [index, { thrown, compiled }] of results.entries()) {
    const one = asked[index];
    if (one === undefined || compiled === null)
      throw new Error(`${JSON.stringify(one)}: ${thrown?.message ?? ""}`);
    for (let call = 0; call < callsOfEach; call++) {
      const number = random(names.length + 3);
      const args = Array.from({ length: 6 }, () => randomWord(random));
      const decided = verdict(compiled.program, { arch: x8664, number, args });
      const rule = one.rules.find((candidate) => candidate.names.includes(names[number] ?? ""));
      const what = { default: one.defaultAction, rule, number, args: args.map(String) };
      expect({ ...what, decided }).toEqual({ ...what, decided: expected(one, number, args) });
    }
  }
});
