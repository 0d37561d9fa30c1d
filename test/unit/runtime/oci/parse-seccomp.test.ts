import { describe, expect, test } from "vitest";
import { parseSpec } from "../../../../runtime/src/oci/parse-spec.ts";
import type { SeccompSpec } from "../../../../runtime/src/oci/seccomp-spec.ts";
import { parseJson } from "../../../../runtime/src/shared/json-file.ts";
import { minimalSpec, withMember } from "./minimal-spec.ts";

function parse(seccomp: unknown): SeccompSpec | null {
  const document = withMember(minimalSpec(), "linux.seccomp", seccomp);
  return parseSpec(document, (sentence) => {
    throw new Error(`unexpected warning: ${sentence}`);
  }).linux.seccomp;
}

const allowing = { defaultAction: "SCMP_ACT_ALLOW" };

/** A profile with one rule, changed. */
function withRule(change: object): object {
  return { ...allowing, syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_ERRNO", ...change }] };
}

/** A profile with one condition, changed. */
function withCondition(change: object): object {
  return withRule({ args: [{ index: 0, value: 1, op: "SCMP_CMP_EQ", ...change }] });
}

test("a profile is taken over whole", () => {
  expect(
    parse({
      defaultAction: "SCMP_ACT_ERRNO",
      defaultErrnoRet: 38,
      architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
      flags: ["SECCOMP_FILTER_FLAG_LOG"],
      syscalls: [
        { names: ["read", "no_such_call"], action: "SCMP_ACT_ALLOW", comment: "not for us" },
        {
          names: ["clone"],
          action: "SCMP_ACT_TRACE",
          errnoRet: 7,
          args: [{ index: 5, value: 2114060288, valueTwo: 1, op: "SCMP_CMP_MASKED_EQ" }],
        },
      ],
    }),
  ).toEqual({
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrno: 38,
    architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
    flags: ["SECCOMP_FILTER_FLAG_LOG"],
    rules: [
      { names: ["read", "no_such_call"], action: "SCMP_ACT_ALLOW", errno: null, conditions: [] },
      {
        names: ["clone"],
        action: "SCMP_ACT_TRACE",
        errno: 7,
        conditions: [{ argument: 5, operator: "SCMP_CMP_MASKED_EQ", value: 2114060288n, secondValue: 1n }],
      },
    ],
  });
});

test("values of 64 bits arrive whole", () => {
  const profile = withCondition({ value: 1, valueTwo: 2 });
  const text = JSON.stringify(withMember(minimalSpec(), "linux.seccomp", profile))
    .replace('"value":1', '"value":18446744073709551615')
    .replace('"valueTwo":2', '"valueTwo":9007199254740993');
  const { linux } = parseSpec(parseJson(text, "config.json"), () => undefined);
  const condition = linux.seccomp?.rules[0]?.conditions[0];
  expect(condition).toMatchObject({ value: 18446744073709551615n, secondValue: 9007199254740993n });
});

test.each([
  ["nothing", undefined],
  ["an empty object", {}],
  ["no default action and no rules, as runc has it", { architectures: ["SCMP_ARCH_X86"], syscalls: [] }],
])("%s is no profile", (_what, seccomp) => {
  expect(parse(seccomp)).toBeNull();
});

test("flags that are absent are the runtime's choice, an empty list is none", () => {
  expect(parse(allowing)?.flags).toBeNull();
  expect(parse({ ...allowing, flags: [] })?.flags).toEqual([]);
});

describe("refused by the field's name", () => {
  const cases: readonly (readonly [field: string, seccomp: unknown, why: string])[] = [
    ["linux.seccomp", "SCMP_ACT_ALLOW", "must be an object"],
    ["linux.seccomp.defaultAction", { defaultAction: "SCMP_ACT_DENY" }, "must be one of SCMP_ACT_ALLOW, "],
    ["linux.seccomp.defaultAction", { syscalls: [{ names: ["read"] }] }, "must be a string"],
    ["linux.seccomp.defaultAction", { defaultAction: "SCMP_ACT_NOTIFY" }, "SCMP_ACT_NOTIFY: not supported"],
    ["linux.seccomp.defaultErrnoRet", { ...allowing, defaultErrnoRet: 1 }, "SCMP_ACT_ALLOW has no errno"],
    [
      "linux.seccomp.defaultErrnoRet",
      { defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 4096 },
      "must be an integer from 0 to 4094",
    ],
    [
      "linux.seccomp.architectures[1]",
      { ...allowing, architectures: ["SCMP_ARCH_X86", "x86"] },
      "must be one of",
    ],
    ["linux.seccomp.architectures[0]", { ...allowing, architectures: ["SCMP_ARCH_S390X"] }, "byte order"],
    ["linux.seccomp.flags[0]", { ...allowing, flags: ["SECCOMP_FILTER_FLAG_FAST"] }, "must be one of"],
    [
      "linux.seccomp.flags[0]",
      { ...allowing, flags: ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"] },
      "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: not supported",
    ],
    ["linux.seccomp.listenerPath", { ...allowing, listenerPath: "/run/listener.sock" }, "not supported"],
    ["linux.seccomp.listenerMetadata", { ...allowing, listenerMetadata: "x" }, "not supported"],
    ["linux.seccomp.syscalls", { ...allowing, syscalls: {} }, "must be an array"],
    ["linux.seccomp.syscalls[0].names", withRule({ names: [] }), "must be a non-empty array"],
    ["linux.seccomp.syscalls[0].names[1]", withRule({ names: ["read", ""] }), "must not be empty"],
    ["linux.seccomp.syscalls[0].action", withRule({ action: "SCMP_ACT_MAYBE" }), "must be one of"],
    ["linux.seccomp.syscalls[0].action", withRule({ action: "SCMP_ACT_NOTIFY" }), "a listener on the host"],
    ["linux.seccomp.syscalls[0].errnoRet", withRule({ errnoRet: -1 }), "must be an integer from 0 to 4094"],
    [
      "linux.seccomp.syscalls[0].errnoRet",
      withRule({ action: "SCMP_ACT_KILL", errnoRet: 1 }),
      "SCMP_ACT_KILL has no errno",
    ],
    [
      "linux.seccomp.syscalls[0].args[0].index",
      withCondition({ index: 6 }),
      "must be an integer from 0 to 5",
    ],
    [
      "linux.seccomp.syscalls[0].args[0].op",
      withCondition({ op: "SCMP_CMP_ISH" }),
      "must be one of SCMP_CMP_EQ, ",
    ],
    [
      "linux.seccomp.syscalls[0].args[0].value",
      withCondition({ value: -1 }),
      "from 0 to 18446744073709551615",
    ],
    ["linux.seccomp.syscalls[0].args[0].value", withCondition({ value: 2 ** 64 }), "must be an integer"],
    ["linux.seccomp.syscalls[0].args[0].valueTwo", withCondition({ valueTwo: 0.5 }), "must be an integer"],
  ];
  test.each(cases)("%s %#", (field, seccomp, why) => {
    expect(() => parse(seccomp)).toThrow(new RegExp(`^config\\.json: ${escaped(field)}: .*${escaped(why)}`));
  });
});

function escaped(text: string): string {
  return text.replaceAll(/[.[\]]/g, "\\$&");
}
