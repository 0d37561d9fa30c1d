import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

/** The optional fields of mountinfo: "shared:1", "master:2", "unbindable". */
const fields = (place: string) =>
  `awk '$5 == "${place}" { for (i = 7; $i != "-"; i++) print $i }' /proc/self/mountinfo | sed 's/:.*//'`;

const kinds: readonly (readonly [kind: string, shown: string])[] = [
  ["private", ""],
  ["rprivate", ""],
  ["shared", "shared\n"],
  ["rshared", "shared\n"],
  ["slave", ""],
  ["rslave", ""],
  ["unbindable", "unbindable\n"],
  ["runbindable", "unbindable\n"],
];

ociSuite("propagation of a mount", ({ each, test }) => {
  each(
    kinds,
    ([kind]) => kind,
    async (bed, [kind, shown]) => {
      const { stdout, stderr } = await bed.sh(fields("/x"), (config) => {
        config.mounts.push({ destination: "/x", type: "tmpfs", source: "tmpfs", options: [kind] });
      });
      expect([stderr, stdout]).toEqual(["", shown]);
    },
    ([, shown]) => (shown === "" ? undefined : "propagation-of-new-mounts"),
  );

  test("is private where config.json says nothing", async (bed) => {
    const { stdout, stderr } = await bed.sh(`${fields("/")}; ${fields("/proc")}; ${fields("/dev")}`);
    expect([stderr, stdout]).toEqual(["", ""]);
  });
});
