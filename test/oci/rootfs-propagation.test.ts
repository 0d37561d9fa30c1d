import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

const ofRoot = `awk '$5 == "/" { for (i = 7; $i != "-"; i++) print $i }' /proc/self/mountinfo | sed 's/:.*//'`;

ociSuite("linux.rootfsPropagation", ({ each }) => {
  each(
    [
      ["shared", "shared\n"],
      ["rshared", "shared\n"],
      ["private", ""],
      ["rprivate", ""],
      ["unbindable", "unbindable\n"],
    ] as const,
    ([kind]) => kind,
    async (bed, [kind, shown]) => {
      const { stdout, stderr } = await bed.sh(ofRoot, (config) => {
        config.linux.rootfsPropagation = kind;
      });
      expect([stderr, stdout]).toEqual(["", shown]);
    },
    ([, shown]) => (shown === "" ? undefined : "rootfs-propagation"),
  );
});
