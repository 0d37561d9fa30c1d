import { expect } from "vitest";
import type { Bed } from "./harness/bed.ts";
import type { SeccompConfig } from "./harness/config.ts";
import { ociSuite } from "./harness/suite.ts";

const rule = { names: ["getppid"], action: "SCMP_ACT_ERRNO" };
const condition = { index: 0, value: 1, op: "SCMP_CMP_EQ" };

function withRule(change: object): object {
  return { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ ...rule, ...change }] };
}

/** By field: a profile with a value that nobody knows, and the value. */
const unknown: Readonly<Record<string, readonly [seccomp: object, value: string]>> = {
  defaultAction: [{ defaultAction: "SCMP_ACT_DENY", syscalls: [rule] }, "SCMP_ACT_DENY"],
  "architectures[0]": [
    { defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_Z80"] },
    "SCMP_ARCH_Z80",
  ],
  "syscalls[0].action": [withRule({ action: "SCMP_ACT_MAYBE" }), "SCMP_ACT_MAYBE"],
  "syscalls[0].args[0].op": [withRule({ args: [{ ...condition, op: "SCMP_CMP_ISH" }] }), "SCMP_CMP_ISH"],
};

async function refusal(bed: Bed, seccomp: object): Promise<string> {
  const bundle = bed.bundle((config) => (config.linux.seccomp = seccomp as SeccompConfig));
  const { status, stderr } = await bed.verb(["create", "--bundle", bundle, bed.newId()]);
  expect(status).toBe(1);
  expect(await bed.must("list", "--quiet")).toBe("");
  return stderr;
}

ociSuite("linux.seccomp that cannot be honoured", ({ each, test }) => {
  each(
    Object.keys(unknown),
    (field) => `${field}: an unknown word is an error that names it, and nothing is left`,
    async (bed, field) => {
      const [seccomp, value] = unknown[field] ?? [{}, ""];
      expect(await refusal(bed, seccomp)).toContain(value);
    },
    (field) => (/ction$/.test(field) ? undefined : "seccomp-words-named"),
  );

  test("a seventh argument is an error", async (bed) => {
    expect(await refusal(bed, withRule({ args: [{ ...condition, index: 6 }] }))).not.toBe("");
  });

  const byName: Readonly<Record<string, object>> = {
    listenerPath: { ...withRule({}), listenerPath: "/run/listener.sock" },
    "syscalls[0].action": withRule({ action: "SCMP_ACT_NOTIFY" }),
    "flags[0]": { ...withRule({}), flags: ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"] },
    "architectures[0]": { ...withRule({}), architectures: ["SCMP_ARCH_S390X"] },
    "syscalls[0].errnoRet": withRule({ action: "SCMP_ACT_KILL", errnoRet: 1 }),
    "syscalls[0].args[0].value": withRule({ args: [{ ...condition, value: -1 }] }),
  };
  each(
    Object.keys(byName),
    (field) => `${field} is refused by name`,
    async (bed, field) => {
      expect(await refusal(bed, byName[field] ?? {})).toContain(`config.json: linux.seccomp.${field}: `);
    },
    () => "refuses-unsupported",
  );
});
