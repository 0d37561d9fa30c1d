import { readFileSync } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import type { Seccomp } from "@runv/protocol";
import { expect, test } from "vitest";
import { seccompRequest } from "../../../runtime/src/container/seccomp-request.ts";
import { parseSeccomp } from "../../../runtime/src/oci/parse-seccomp.ts";
import { seccompActions, seccompArchitectures } from "../../../runtime/src/oci/seccomp-spec.ts";
import { JsonCursor } from "../../../runtime/src/shared/json-cursor.ts";
import { i386, verdict, x8664 } from "../../harness/classic-bpf.ts";
import { scenario } from "../../harness/native-fixture.ts";
import { compiledProfiles } from "./seccomp-profiles.ts";

const [allow, kill] = [0x7fff0000, 0];
const errno = (number: number): number => 0x00050000 | number;
const { EPERM, ENOSYS, ENOSPC } = constants.errno;
const x32Bit = 0x40000000;

async function report(profile: Partial<Seccomp>) {
  const [result] = await compiledProfiles([profile]);
  if (result === undefined) throw new Error("nothing came of the profile");
  return result;
}

async function compile(profile: Partial<Seccomp>) {
  const { thrown, compiled } = await report(profile);
  if (compiled === null) throw new Error(thrown?.message);
  return compiled;
}

function recorded(name: string): Seccomp {
  const file = path.resolve(import.meta.dirname, `../../fixtures/seccomp/${name}.json`);
  const parsed = parseSeccomp(new JsonCursor(JSON.parse(readFileSync(file, "utf8")), name));
  if (parsed === null) throw new Error(`${name} has no profile`);
  return seccompRequest(parsed);
}

test.each(["containerd-1.6.20", "docker-20.10.24"])("the profile of %s", async (name) => {
  const { program } = await compile(recorded(name));
  const native = (number: number, ...args: number[]) => verdict(program, { arch: x8664, number, args });
  expect([0, 1, 59, 231].map((number) => native(number))).toEqual([allow, allow, allow, allow]);
  expect([250, 246, 304].map((number) => native(number))).toEqual([EPERM, EPERM, EPERM].map(errno));
  expect([435, 1000].map((number) => native(number))).toEqual([errno(ENOSYS), errno(ENOSYS)]);
  expect([native(56, 0), native(56, 0x10000000)]).toEqual([allow, errno(EPERM)]);
  expect([0, 8, 0x20000, 0x20008, 0xffffffff, 1].map((persona) => native(135, persona))).toEqual([
    ...[allow, allow, allow, allow, allow],
    errno(EPERM),
  ]);
  expect(verdict(program, { arch: x8664, number: x32Bit | 1 })).toBe(allow);
  expect([3, 288, 1000].map((number) => verdict(program, { arch: i386, number }))).toEqual([
    allow,
    errno(EPERM),
    errno(ENOSYS),
  ]);
  expect(verdict(program, { arch: 0xc00000b7, number: 1 })).toBe(kill);
});

test("values of 64 bits are compared whole", async () => {
  const value = 2n ** 64n - 2n;
  const conditions = [{ argument: 5, operator: "SCMP_CMP_EQ", value: `${value}`, secondValue: "0" }];
  const { program } = await compile({
    defaultAction: "SCMP_ACT_ALLOW",
    rules: [{ names: ["getppid"], action: "SCMP_ACT_ERRNO", errno: ENOSPC, conditions }],
  });
  const getppid = (last: bigint) =>
    verdict(program, { arch: x8664, number: 110, args: [0, 0, 0, 0, 0, last] });
  expect([value, value + 1n, value - (1n << 32n)].map(getppid)).toEqual([errno(ENOSPC), allow, allow]);
});

test("every architecture and action that runv takes is known to libseccomp", async () => {
  const rules = seccompActions.map((action, index) => ({
    names: ["getpid", "getuid", "getgid", "gettid", "geteuid", "getegid", "getppid", "getpgid"].slice(
      index,
      index + 1,
    ),
    action,
    errno: undefined,
    conditions: [],
  }));
  const architectures = [...seccompArchitectures];
  const { program } = await compile({
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrno: 5,
    architectures,
    rules,
  });
  expect(verdict(program, { arch: x8664, number: 1 })).toBe(errno(5));
  // Of getpid the rule of the first action: SCMP_ACT_ALLOW.
  expect(verdict(program, { arch: 0xc00000b7, number: 172 })).toBe(allow);
});

test("flags: absent is SPEC_ALLOW, an empty list none, a list those", async () => {
  const flags = async (names: string[] | undefined) =>
    (await compile({ defaultAction: "SCMP_ACT_ALLOW", flags: names && { names } })).flags;
  expect(await flags(undefined)).toBe(4);
  expect(await flags([])).toBe(0);
  expect(await flags(["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG"])).toBe(3);
});

test.each<[string, Partial<Seccomp>, string]>([
  ["an action", { defaultAction: "SCMP_ACT_NOTIFY" }, "seccomp profile: unknown action: SCMP_ACT_NOTIFY"],
  [
    "an architecture",
    { architectures: ["SCMP_ARCH_Z80"] },
    "seccomp profile: SCMP_ACT_ALLOW, SCMP_ARCH_Z80: EINVAL",
  ],
  ["no architecture", { architectures: ["x86"] }, "seccomp profile: unknown architecture: x86"],
  ["the other byte order", { architectures: ["SCMP_ARCH_S390"] }, "SCMP_ARCH_S390: EDOM"],
  ["a flag", { flags: { names: ["SECCOMP_FILTER_FLAG_X"] } }, "unknown flag: SECCOMP_FILTER_FLAG_X"],
])("what it does not know is named: %s", async (_what, profile, message) => {
  const { thrown } = await report({ defaultAction: "SCMP_ACT_ALLOW", ...profile });
  expect(thrown?.message).toContain(message);
});

test("a profile that is longer than the kernel takes is refused", async () => {
  const rules = Array.from({ length: 5000 }, (_, index) => ({
    names: ["getppid"],
    action: "SCMP_ACT_ERRNO",
    errno: undefined,
    conditions: [{ argument: 0, operator: "SCMP_CMP_EQ", value: String(index * 2), secondValue: "0" }],
  }));
  const { thrown } = await report({ defaultAction: "SCMP_ACT_ALLOW", rules });
  expect(thrown?.message).toMatch(/^seccomp profile: too long: \d+ instructions, of at most 4096$/);
});

test("execve under a filter that came with it", async () => {
  expect(await scenario("execveUnderFilter")).toEqual({
    run: { text: expect.stringMatching(/No space left on device\nSeccomp:\t2\n$/) as string, status: 0 },
    unknownFlag: { text: "child: Error: EINVAL: invalid argument: seccomp /bin/sh\n", status: 1 },
  });
});

test("wrong arguments are refused", async () => {
  expect(await scenario("wrongSeccompArguments")).toMatchObject({
    action: { code: "EINVAL", syscall: "seccomp_init" },
    architecture: { code: "EINVAL", syscall: "seccomp_arch_add" },
    byteOrder: { code: "EDOM", syscall: "seccomp_arch_add" },
    conditions: { name: "RangeError" },
    sameAction: { code: "EACCES" },
    other: { name: "TypeError" },
    numbers: [0, 3, x32Bit, null, null],
    flags: [true, true, true, false],
  });
});
