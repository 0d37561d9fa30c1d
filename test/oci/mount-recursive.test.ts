import { mkdirSync } from "node:fs";
import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

const options = (place: string) => `awk '$5 == "${place}" { print $6 }' /proc/self/mountinfo`;

const cases: readonly (readonly [options: readonly string[], present: string, absent: string])[] = [
  [["rro"], "ro", "rw"],
  [["ro", "rrw"], "rw", "ro"],
  [["rnosuid"], "nosuid", ""],
  [["rnodev"], "nodev", ""],
  [["rnoexec"], "noexec", ""],
  [["noexec", "rexec"], "rw", "noexec"],
  [["rnoatime"], "noatime", "relatime"],
  [["noatime", "rrelatime"], "relatime", "noatime"],
  [["rnodiratime"], "nodiratime", ""],
  [["rstrictatime"], "rw", "relatime"],
];

ociSuite("recursive options of a bind mount", ({ each }) => {
  each(
    cases,
    ([names]) => names.join(","),
    async (bed, [names, present, absent]) => {
      mkdirSync(bed.path("volume"));
      const { stdout, stderr } = await bed.sh(options("/x"), (config) => {
        config.mounts.push({
          destination: "/x",
          type: "bind",
          source: bed.path("volume"),
          options: ["rbind", ...names],
        });
      });
      const found = stdout.trim().split(",");
      expect([stderr, found]).toEqual(["", expect.arrayContaining([present])]);
      expect(found).not.toContain(absent);
    },
    ([names]) => {
      if (names.includes("rrw")) return "later-option-counts";
      return names.some((name) => name.includes("time")) ? "recursive-time-options" : undefined;
    },
  );
});
