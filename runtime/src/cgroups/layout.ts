import { existsSync, readFileSync } from "node:fs";
import { absent, type Capability, type Finding, present } from "../shared/capability.ts";

const mountinfo = "/proc/self/mountinfo";
const controllers = "/sys/fs/cgroup/cgroup.controllers";

/** How this host has its cgroups mounted. */
export function cgroupSupport(): Capability {
  const unified = existsSync(controllers) ? readFileSync(controllers, "utf8").trim() : "";
  return {
    name: "cgroups",
    needs: "any",
    findings: [layoutFinding(readFileSync(mountinfo, "utf8"), unified)],
  };
}

/**
 * @param mounts proc_pid_mountinfo(5)
 * @param unified the controllers of the unified tree, between spaces
 */
export function layoutFinding(mounts: string, unified: string): Finding {
  const trees = mounts.split("\n").flatMap(cgroupMount);
  const v1 = trees.filter(({ type }) => type === "cgroup");
  const v2 = trees.filter(({ type }) => type === "cgroup2");
  if (trees.length === 0)
    return absent("cgroup", "no cgroup hierarchy is mounted", "mount -t cgroup2 none /sys/fs/cgroup");
  if (!trees.some(({ isWritable }) => isWritable))
    return absent(
      "cgroup",
      "every cgroup hierarchy is mounted read-only",
      "mount -o remount,rw /sys/fs/cgroup",
    );
  if (v1.length === 0) return present("v2", `controllers ${unified === "" ? "none" : unified}`);
  const names = v1.map(({ mountPoint }) => mountPoint.slice(mountPoint.lastIndexOf("/") + 1)).join(" ");
  return v2.length === 0
    ? present("v1", `hierarchies ${names}`)
    : present("hybrid", `v1 hierarchies ${names}, v2 at ${v2.map(({ mountPoint }) => mountPoint).join(" ")}`);
}

interface CgroupMount {
  readonly type: string;
  readonly mountPoint: string;
  readonly isWritable: boolean;
}

function cgroupMount(line: string): CgroupMount[] {
  const [own = "", rest = ""] = line.split(" - ");
  const [type = ""] = rest.split(" ");
  const [, , , , mountPoint, options] = own.split(" ");
  if (!/^cgroup2?$/.test(type) || mountPoint === undefined) return [];
  return [{ type, mountPoint, isWritable: options?.split(",").includes("rw") === true }];
}
