import { RunvError, type Seccomp, type SeccompCondition, type SeccompRule } from "@runv/protocol";
import { instructionBytes, maxInstructions } from "./classic-bpf.ts";
import { step } from "./errno.ts";
import { enosysStub } from "./seccomp-stub.ts";
import { actionNumber, architectureName, flagNumber, isPermissive, operatorNumber } from "./seccomp-words.ts";
import { type SeccompRules, seccompKnowsFlags, seccompRules, seccompSyscallNumber, uname } from "./sys.ts";

/** From so many system calls on runc has the program find them by halving. */
const treeFromNames = 33;
const specAllow = "SECCOMP_FILTER_FLAG_SPEC_ALLOW";

/** A profile as the kernel takes it. */
export interface SeccompFilter {
  /** struct sock_filter[] */
  readonly program: Uint8Array;
  /** SECCOMP_FILTER_FLAG_* */
  readonly flags: number;
}

/** Makes a container's profile into a filter, as runc does. @throws RunvError that says what of it this guest does not have */
export function compileProfile(profile: Seccomp): SeccompFilter {
  const flags = flagsOf(profile);
  const defaultAction = actionNumber(profile.defaultAction, profile.defaultErrno);
  const architectures = profile.architectures.map(architectureName);
  const names = profile.rules.reduce((sum, rule) => sum + rule.names.length, 0);
  const rules = step(
    `seccomp profile: ${[profile.defaultAction, ...profile.architectures].join(", ")}`,
    () => seccompRules(defaultAction, architectures, names >= treeFromNames),
    "unsupported",
  );
  for (const rule of profile.rules) addRule(rules, rule, defaultAction);
  const program = joined(
    stubFor(profile),
    step("seccomp profile", () => rules.program()),
  );
  const instructions = program.length / instructionBytes;
  if (instructions > maxInstructions)
    throw new RunvError(
      "invalid-argument",
      `seccomp profile: too long: ${instructions} instructions, of at most ${maxInstructions}`,
    );
  return { program, flags };
}

function flagsOf(profile: Seccomp): number {
  if (profile.flags === undefined) {
    const preset = flagNumber(specAllow);
    return seccompKnowsFlags(preset) ? preset : 0;
  }
  let all = 0;
  for (const name of profile.flags.names) {
    const flag = flagNumber(name);
    if (!seccompKnowsFlags(flag))
      throw new RunvError(
        "unsupported",
        `seccomp profile: ${name}: the guest's kernel ${uname().release} does not have it`,
      );
    all |= flag;
  }
  return all;
}

/** Names that nobody knows are passed over: profiles list the system calls of many kernels. */
function addRule(rules: SeccompRules, rule: SeccompRule, defaultAction: number): void {
  const action = actionNumber(rule.action, rule.errno);
  // libseccomp takes no rule that says what holds anyway.
  if (action === defaultAction) return;
  const alternatives = alternativesOf(rule.conditions);
  const { machine } = uname();
  for (const name of rule.names) {
    const number = seccompSyscallNumber(machine, name);
    if (number === null) continue;
    for (const conditions of alternatives)
      step(`seccomp profile: ${name}`, () => rules.add(action, number, conditions), "invalid-argument");
  }
}

/** The conditions of a rule hold together, but where two are about one argument each stands for itself, as with runc. */
function alternativesOf(conditions: readonly SeccompCondition[]): readonly Uint8Array[] {
  const indexes = new Set(conditions.map((condition) => condition.argument));
  if (indexes.size === conditions.length) return [encode(conditions)];
  return conditions.map((condition) => encode([condition]));
}

function encode(conditions: readonly SeccompCondition[]): Uint8Array {
  const words = conditions.flatMap(({ argument, operator, value, secondValue }) =>
    [argument, operatorNumber(operator), value, secondValue].map(BigInt),
  );
  return new Uint8Array(BigUint64Array.from(words).buffer);
}

/** runc looks at the architectures that the profile lists, and leaves defaults alone that let calls through. */
function stubFor(profile: Seccomp): Uint8Array {
  if (isPermissive(profile.defaultAction)) return new Uint8Array(0);
  const names = profile.rules.flatMap((rule) => rule.names);
  const last = (architecture: string): number | null =>
    profile.architectures.includes(architecture) ? lastSyscall(architectureName(architecture), names) : null;
  return enosysStub({
    x8664: last("SCMP_ARCH_X86_64"),
    x32: last("SCMP_ARCH_X32"),
    x86: last("SCMP_ARCH_X86"),
  });
}

function lastSyscall(architecture: string, names: readonly string[]): number | null {
  let last = 0;
  for (const name of names) last = Math.max(last, seccompSyscallNumber(architecture, name) ?? 0);
  return last === 0 ? null : last;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
