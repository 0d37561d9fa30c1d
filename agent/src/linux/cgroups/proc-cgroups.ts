/** As distributions have them. */
const together = [
  ["cpu", "cpuacct"],
  ["net_cls", "net_prio"],
];
/** The first makes cgroups behind everybody's back, the second is for those who work on the kernel. */
const unwanted = ["ns", "debug"];

/** @param table /proc/cgroups (cgroups(7)). @returns the names of the hierarchies that make sense of its controllers */
export function hierarchyNames(table: string): string[] {
  const enabled = [...table.matchAll(/^(\w+)\t\d+\t\d+\t1$/gm)]
    .map(([, name = ""]) => name)
    .filter((name) => !unwanted.includes(name));
  const names = enabled.map((name) => {
    const group = together.find((members) => members.includes(name)) ?? [name];
    return group.filter((member) => enabled.includes(member)).join(",");
  });
  return [...new Set(names)];
}

/** The paths of /proc/<pid>/cgroup, one of each hierarchy: cgroups(7). */
export function cgroupPaths(text: string): string[] {
  return [...text.matchAll(/^\d+:[^:]*:(.*)$/gm)].map(([, path = ""]) => path);
}
