import type { JsonCursor } from "../shared/json-cursor.ts";
import {
  bigEndianArchitectures,
  listenerFlag,
  type SeccompAction,
  type SeccompArchitecture,
  type SeccompCondition,
  type SeccompFlag,
  type SeccompRule,
  type SeccompSpec,
  seccompActions,
  seccompArchitectures,
  seccompFlags,
  seccompOperators,
} from "./seccomp-spec.ts";
import { nonEmpty } from "./values.ts";

const lastArgument = 5;
/** libseccomp takes what is below MAX_ERRNO (linux/err.h); and what a tracer can be told. */
const maxErrno = 4094;
const maxTraceData = 65_535;
const maxU64 = 2n ** 64n - 1n;
/** A listener is a descriptor of the kernel that filters. */
const noListener = "not supported: a listener on the host cannot be told of system calls in the guest";

/** Accepts `linux.seccomp`. @returns null when nothing is to be filtered: no default action and no rules, as runc has it. */
export function parseSeccomp(seccomp: JsonCursor): SeccompSpec | null {
  const action = seccomp.member("defaultAction");
  const syscalls = seccomp.member("syscalls");
  if (action.isNeutral && syscalls.isNeutral) return null;
  for (const name of ["listenerPath", "listenerMetadata"]) {
    const member = seccomp.member(name);
    if (!member.isNeutral) member.refuse(noListener);
  }
  const defaultAction = parseAction(action);
  return {
    defaultAction,
    defaultErrno: parseErrno(seccomp.member("defaultErrnoRet"), defaultAction),
    architectures: seccomp.member("architectures").array(parseArchitecture),
    flags: seccomp.member("flags").optional((flags) => flags.array(parseFlag), null),
    rules: syscalls.array(parseRule),
  };
}

function parseAction(action: JsonCursor): SeccompAction {
  if (action.raw() === "SCMP_ACT_NOTIFY") action.refuse(`SCMP_ACT_NOTIFY: ${noListener}`);
  return action.oneOf(seccompActions);
}

/** "When the action doesn't support an errno, the runtime MUST print and error and fail" (config-linux.md). */
function parseErrno(errno: JsonCursor, action: SeccompAction): number | null {
  if (!errno.isPresent) return null;
  if (action === "SCMP_ACT_ERRNO") return errno.integer(0, maxErrno);
  if (action === "SCMP_ACT_TRACE") return errno.integer(0, maxTraceData);
  return errno.fail(`${action} has no errno`);
}

function parseArchitecture(architecture: JsonCursor): SeccompArchitecture {
  const name = architecture.string();
  if (bigEndianArchitectures.includes(name))
    architecture.refuse(`${name}: not in one filter with the guest's x86_64, which has another byte order`);
  return architecture.oneOf(seccompArchitectures);
}

function parseFlag(flag: JsonCursor): SeccompFlag {
  if (flag.raw() === listenerFlag) flag.refuse(`${listenerFlag}: ${noListener}`);
  return flag.oneOf(seccompFlags);
}

function parseRule(rule: JsonCursor): SeccompRule {
  const action = parseAction(rule.member("action"));
  const names = rule.member("names").array(nonEmpty);
  if (names.length === 0) rule.member("names").fail("must be a non-empty array of strings");
  return {
    names,
    action,
    errno: parseErrno(rule.member("errnoRet"), action),
    conditions: rule.member("args").array(parseCondition),
  };
}

function parseCondition(condition: JsonCursor): SeccompCondition {
  return {
    argument: condition.member("index").integer(0, lastArgument),
    operator: condition.member("op").oneOf(seccompOperators),
    value: condition.member("value").bigInteger(0n, maxU64),
    secondValue: condition.member("valueTwo").optional((value) => value.bigInteger(0n, maxU64), 0n),
  };
}
