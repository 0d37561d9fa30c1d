import type { Seccomp, SeccompCondition, SeccompRule } from "@runv/protocol";
import type * as Spec from "../oci/seccomp-spec.ts";

/** An accepted profile in the words of agent.proto. */
export function seccompRequest(profile: Spec.SeccompSpec): Seccomp {
  return {
    defaultAction: profile.defaultAction,
    defaultErrno: profile.defaultErrno ?? undefined,
    architectures: [...profile.architectures],
    flags: profile.flags === null ? undefined : { names: [...profile.flags] },
    rules: profile.rules.map(ruleRequest),
  };
}

function ruleRequest({ names, action, errno, conditions }: Spec.SeccompRule): SeccompRule {
  return {
    names: [...names],
    action,
    errno: errno ?? undefined,
    conditions: conditions.map(conditionRequest),
  };
}

function conditionRequest(condition: Spec.SeccompCondition): SeccompCondition {
  return {
    argument: condition.argument,
    operator: condition.operator,
    value: String(condition.value),
    secondValue: String(condition.secondValue),
  };
}
