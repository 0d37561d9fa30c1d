import { expect } from "vitest";
import type { Change } from "./harness/bed.ts";
import { ociSuite } from "./harness/suite.ts";

const labels: readonly [string, Change][] = [
  ["process.apparmorProfile", (config) => (config.process.apparmorProfile = "docker-default")],
  [
    "process.selinuxLabel",
    (config) => (config.process.selinuxLabel = "system_u:system_r:container_t:s0:c1,c2"),
  ],
  ["linux.mountLabel", (config) => (config.linux.mountLabel = "system_u:object_r:container_file_t:s0:c1,c2")],
];

ociSuite("labels of security modules that the container's kernel lacks", ({ test, each }) => {
  each(
    labels,
    ([field]) => `${field}: the container runs, with a warning that names the field`,
    async (bed, [field, change]) => {
      const outcome = await bed.sh("echo ran", change);
      expect([outcome.status, outcome.stdout]).toEqual([0, "ran\n"]);
      expect(outcome.stderr).toContain(`${field}: has no effect`);
    },
    () => "ignores-labels",
  );

  test(
    "unconfined asks for nothing",
    async (bed) => {
      const outcome = await bed.sh("echo ran", (config) => (config.process.apparmorProfile = "unconfined"));
      expect(outcome).toEqual({ status: 0, stdout: "ran\n", stderr: "" });
    },
    "ignores-labels",
  );

  each(
    ["--apparmor", "--process-label"],
    (flag) => `exec ${flag}: the same`,
    async (bed, flag) => {
      const outcome = await bed.verb(["exec", flag, "x", await bed.start(), "echo", "ran"]);
      expect([outcome.status, outcome.stdout]).toEqual([0, "ran\n"]);
      expect(outcome.stderr).toContain(`exec ${flag}: has no effect`);
    },
    () => "ignores-labels",
  );
});
