import { expect } from "vitest";
import type { Bed } from "./harness/bed.ts";
import { ociSuite } from "./harness/suite.ts";

const sets = ["bounding", "permitted", "effective", "inheritable", "ambient"] as const;
const fields = {
  bounding: "CapBnd",
  permitted: "CapPrm",
  effective: "CapEff",
  inheritable: "CapInh",
  ambient: "CapAmb",
};
const kill = 1 << 5;
const chown = 1 << 0;

async function setsOf(
  bed: Bed,
  uid: number,
  given: Record<string, string[]>,
): Promise<Record<string, number>> {
  const { stdout, stderr } = await bed.run((config) => {
    config.process.args = ["grep", "^Cap", "/proc/self/status"];
    config.process.user = { uid, gid: 0 };
    config.process.capabilities = given;
  });
  expect(stderr).toBe("");
  const lines = new Map(
    stdout
      .trim()
      .split("\n")
      .map((line) => [line.split(":")[0], parseInt(line.split("\t")[1] ?? "", 16)]),
  );
  return Object.fromEntries(sets.map((set) => [set, lines.get(fields[set]) ?? Number.NaN]));
}

ociSuite("process.capabilities in all five sets", ({ test }) => {
  test("all of them, for another user than root", async (bed) => {
    const all = ["CAP_CHOWN", "CAP_KILL"];
    const given = { bounding: all, permitted: all, effective: all, inheritable: all, ambient: ["CAP_KILL"] };
    // What is not ambient does not outlive execve(2) of a program without file capabilities (capabilities(7)).
    expect(await setsOf(bed, 1000, given)).toEqual({
      bounding: kill | chown,
      permitted: kill,
      effective: kill,
      inheritable: kill | chown,
      ambient: kill,
    });
  });

  test("none at all for root", async (bed) => {
    expect(await setsOf(bed, 0, {})).toEqual(Object.fromEntries(sets.map((set) => [set, 0])));
  });

  test("inheritable alone gives root nothing that is not bounding", async (bed) => {
    const seen = await setsOf(bed, 0, {
      bounding: ["CAP_CHOWN"],
      permitted: ["CAP_CHOWN"],
      effective: ["CAP_CHOWN"],
      inheritable: ["CAP_CHOWN"],
    });
    expect(seen).toEqual({
      bounding: chown,
      permitted: chown,
      effective: chown,
      inheritable: chown,
      ambient: 0,
    });
  });

  test(
    "an unknown one is a warning",
    async (bed) => {
      const outcome = await bed.sh("echo ran", (config) => {
        config.process.capabilities = { bounding: ["CAP_CHOWN", "CAP_NOT_YET"] };
      });
      expect(outcome.stdout).toBe("ran\n");
      expect(outcome.stderr).toMatch(/CAP_NOT_YET/);
    },
    "warns-of-capabilities",
  );
});
