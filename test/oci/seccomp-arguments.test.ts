import { readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import { expect } from "vitest";
import { callingBundle, idle, resultsOfCalls } from "./harness/seccomp.ts";
import { ociSuite } from "./harness/suite.ts";

const refused = String(constants.errno.EPERM);
const action = "SCMP_ACT_ERRNO";

/** Fails a call where its conditions hold. */
function when(...args: { index: number; value: number; valueTwo?: number; op: string }[]) {
  return { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["getppid"], action, args }] };
}

/** getppid with these arguments. */
function getppid(...args: readonly (number | bigint)[]): string {
  return [idle.getppid, ...args].join(":");
}

const big = 2 ** 40;

ociSuite("linux.seccomp: conditions on arguments", ({ test, each }) => {
  each(
    [
      { op: "SCMP_CMP_EQ", fails: [big], passes: [0, big - 1, big + 1] },
      { op: "SCMP_CMP_NE", fails: [0, big - 1, big + 1], passes: [big] },
      { op: "SCMP_CMP_LT", fails: [0, big - 1], passes: [big, big + 1] },
      { op: "SCMP_CMP_LE", fails: [0, big], passes: [big + 1, 2 * big] },
      { op: "SCMP_CMP_GT", fails: [big + 1, 2 * big], passes: [0, big] },
      { op: "SCMP_CMP_GE", fails: [big, 2 * big], passes: [0, big - 1] },
    ],
    ({ op }) => `${op} compares all 64 bits`,
    async (bed, { op, fails, passes }) => {
      const calls = [...fails, ...passes].map((value) => getppid(value));
      const expected = [...fails.map(() => refused), ...passes.map(() => "ok")];
      expect(await resultsOfCalls(bed, when({ index: 0, value: big, op }), calls)).toEqual(expected);
    },
  );

  test("SCMP_CMP_MASKED_EQ compares the bits of a mask", async (bed) => {
    const profile = when({ index: 0, value: big + 0xf0, valueTwo: big + 0x30, op: "SCMP_CMP_MASKED_EQ" });
    const calls = [big + 0x30, big + 0x3f, 0x30, big + 0x70, 0].map((value) => getppid(value));
    expect(await resultsOfCalls(bed, profile, calls)).toEqual([refused, refused, "ok", "ok", "ok"]);
  });

  each(
    [0, 1, 2, 3, 4, 5],
    (index) => `index ${index} is that argument`,
    async (bed, index) => {
      const position = (at: number) => [0, 1, 2, 3, 4, 5].map((other) => (other === at ? 7 : 8));
      const calls = [position(index), position((index + 1) % 6)].map((args) => getppid(...args));
      const results = await resultsOfCalls(bed, when({ index, value: 7, op: "SCMP_CMP_EQ" }), calls);
      expect(results).toEqual([refused, "ok"]);
    },
  );

  test("conditions on several arguments hold together", async (bed) => {
    const profile = when(
      { index: 0, value: 1, op: "SCMP_CMP_EQ" },
      { index: 2, value: 3, op: "SCMP_CMP_GE" },
    );
    const calls = [getppid(1, 0, 3), getppid(1, 0, 2), getppid(0, 0, 3)];
    expect(await resultsOfCalls(bed, profile, calls)).toEqual([refused, "ok", "ok"]);
  });

  test("conditions on one argument stand each for itself", async (bed) => {
    const profile = when(
      { index: 0, value: 1, op: "SCMP_CMP_EQ" },
      { index: 0, value: 5, op: "SCMP_CMP_EQ" },
    );
    const calls = [1, 5, 3].map((value) => getppid(value));
    expect(await resultsOfCalls(bed, profile, calls)).toEqual([refused, refused, "ok"]);
  });

  test("rules about one system call stand each for itself", async (bed) => {
    const rule = (value: number) => ({
      names: ["getppid"],
      action,
      args: [{ index: 1, value, op: "SCMP_CMP_EQ" }],
    });
    const profile = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [rule(1), rule(2)] };
    const calls = [1, 2, 3].map((value) => getppid(0, value));
    expect(await resultsOfCalls(bed, profile, calls)).toEqual([refused, refused, "ok"]);
  });

  test("values that no double holds are exact", async (bed) => {
    const asked = 2n ** 64n - 2n;
    const bundle = await callingBundle(
      bed,
      when({ index: 0, value: 1234, op: "SCMP_CMP_EQ" }),
      [asked, asked + 1n, asked - 1n, 2n ** 63n].map((value) => getppid(value)),
    );
    const file = path.join(bundle, "config.json");
    writeFileSync(file, readFileSync(file, "utf8").replace('"value":1234', `"value":${asked}`));
    const { stdout, stderr } = await bed.verb(["run", "--bundle", bundle, bed.newId()]);
    expect({ stdout, stderr }).toEqual({ stdout: `${refused}\nok\nok\nok\n`, stderr: "" });
  });
});
