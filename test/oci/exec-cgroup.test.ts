import { expect } from "vitest";
import type { Bed } from "./harness/bed.ts";
import { ociSuite } from "./harness/suite.ts";

/** A container that has made a cgroup below its own. */
async function withSubCgroup(bed: Bed): Promise<string> {
  const id = await bed.start((config) => {
    config.mounts.push({ destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["rw"] });
    config.linux.namespaces.push({ type: "cgroup" });
  });
  await bed.must("exec", id, "mkdir", "-p", "/sys/fs/cgroup/sub/deep");
  return id;
}

ociSuite("exec --cgroup", ({ test, each }) => {
  each(
    ["sub", "/sub", "sub/deep/"],
    (path) => `${path}: below the container's`,
    async (bed, path) => {
      const id = await withSubCgroup(bed);
      const outcome = await bed.must("exec", "--cgroup", path, id, "cat", "/proc/self/cgroup");
      expect(outcome).toBe(`0::/${path.replace(/^\/|\/$/g, "")}\n`);
    },
    () => "guest-cgroups",
  );

  each(
    [
      ["missing", /no such file or directory/],
      ["../..", /not below/],
      ["cpu:sub", /cgroup v2/],
    ] as const,
    ([path]) => `${path} is an error`,
    async (bed, [path, why]) => {
      const id = await withSubCgroup(bed);
      const outcome = await bed.verb(["exec", "--cgroup", path, id, "true"]);
      expect(outcome.status).toBe(255);
      expect(outcome.stderr).toMatch(why);
    },
    () => "guest-cgroups",
  );

  test(
    "/ is the container's own",
    async (bed) => {
      const id = await withSubCgroup(bed);
      expect(await bed.must("exec", "--cgroup", "/", id, "cat", "/proc/self/cgroup")).toBe("0::/\n");
    },
    "guest-cgroups",
  );
});
