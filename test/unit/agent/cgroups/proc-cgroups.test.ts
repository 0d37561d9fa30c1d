import { expect, test } from "vitest";
import { cgroupPaths, hierarchyNames } from "../../../../agent/src/linux/cgroups/proc-cgroups.ts";

/** /proc/cgroups, with the controllers that are disabled ("-memory") as such. */
const table = (names: string) =>
  `#subsys_name\thierarchy\tnum_cgroups\tenabled\n${names
    .split(" ")
    .map((name) => `${name.replace("-", "")}\t0\t1\t${name.startsWith("-") ? 0 : 1}\n`)
    .join("")}`;

test.each([
  [
    "cpuset cpu cpuacct blkio memory devices freezer net_cls perf_event net_prio hugetlb pids rdma misc",
    "cpuset cpu,cpuacct blkio memory devices freezer net_cls,net_prio perf_event hugetlb pids rdma misc",
  ],
  [
    "cpuset ns cpu cpuacct memory devices freezer net_cls",
    "cpuset cpu,cpuacct memory devices freezer net_cls",
  ],
  ["cpu -memory debug", "cpu"],
])("%s", (controllers, hierarchies) => {
  expect(hierarchyNames(table(controllers)).join(" ")).toBe(hierarchies);
});

test("the paths of a process, one in each hierarchy", () => {
  const text = "12:cpu,cpuacct:/a/b\n3:name=systemd:/odd:name\n1::/x\n0::/a\n";
  expect(cgroupPaths(text)).toEqual(["/a/b", "/odd:name", "/x", "/a"]);
});
