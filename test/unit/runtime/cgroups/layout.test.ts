import { expect, test } from "vitest";
import { layoutFinding } from "../../../../runtime/src/cgroups/layout.ts";

const v1 = (name: string, options = "rw,relatime") =>
  `31 23 0:28 / /sys/fs/cgroup/${name} ${options} - cgroup cgroup rw,${name}\n`;
const v2 = (mountPoint: string) => `41 31 0:38 / ${mountPoint} rw,relatime shared:9 - cgroup2 cgroup2 rw\n`;
const other = "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n";

test.each([
  ["v1", other + v1("cpu") + v1("memory"), "", "hierarchies cpu memory"],
  ["v2", v2("/sys/fs/cgroup"), "cpu memory pids", "controllers cpu memory pids"],
  [
    "hybrid",
    other + v1("cpu") + v2("/sys/fs/cgroup/unified"),
    "",
    "v1 hierarchies cpu, v2 at /sys/fs/cgroup/unified",
  ],
])("%s", (name, mounts, unified, detail) => {
  expect(layoutFinding(mounts, unified)).toEqual({ name, detail, problem: null, remedy: null });
});

test("none, or none that can be written", () => {
  expect(layoutFinding(other, "").problem).toBe("no cgroup hierarchy is mounted");
  expect(layoutFinding(v1("cpu", "ro"), "").problem).toContain("read-only");
});
