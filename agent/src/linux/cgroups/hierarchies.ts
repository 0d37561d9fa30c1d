import { step, tolerate } from "../errno.ts";
import { mkdir, mount, readFile, writeFile } from "../sys.ts";
import { hierarchyNames } from "./proc-cgroups.ts";

/** In the agent's own root: kernels before 3.0 have no directory for it in sysfs. */
const base = "/cgroup";
const maxListBytes = 8192;
const directoryMode = 0o755;

/** One tree of control groups. */
export interface Hierarchy {
  /** Of its directory: "cpu,cpuacct". */
  readonly name: string;
  /** "cpu" and "cpuacct"; what `exec --cgroup` calls it. */
  readonly controllers: readonly string[];
  /** Absolute path. */
  readonly directory: string;
  /** What containers mount, as data of mount(2); null: it is none of their business. */
  readonly data: string | null;
  /** Takes a "0" from whoever moves in. */
  readonly entrance: "tasks" | "cgroup.procs";
}

/**
 * Mounts a hierarchy for each controller that the kernel has, one without any for systemd, and where there is version 2 that: no controller is in
 * it, but a container that was in its root could mount that, and attach programs to it that decide for the whole guest.
 * @param flags of mount(2)
 */
export function mountHierarchies(flags: number): Hierarchy[] {
  mkdir(base, directoryMode);
  const ofControllers = hierarchyNames(readFile("/proc/cgroups", maxListBytes)).map((name) =>
    versionOne(name, name.split(","), name),
  );
  const hierarchies = [...ofControllers, versionOne("systemd", ["name=systemd"], "name=systemd")];
  for (const { name, directory, data } of hierarchies)
    step(`mount cgroup ${name}`, () => {
      mkdir(directory, directoryMode);
      // One without a controller has to say so where it is made.
      mount("cgroup", directory, "cgroup", flags, name === "systemd" ? `none,${data}` : (data ?? name));
    });
  countBelow(hierarchies);
  const versionTwo = mountVersionTwo(flags);
  return versionTwo === null ? hierarchies : [...hierarchies, versionTwo];
}

function versionOne(name: string, controllers: readonly string[], data: string): Hierarchy {
  return { name, controllers, directory: `${base}/${name}`, data, entrance: "tasks" };
}

/** Before Linux 5.11 a cgroup's memory counts for those above it only where they are told to. */
function countBelow(hierarchies: readonly Hierarchy[]): void {
  const memory = hierarchies.find(({ controllers }) => controllers.includes("memory"));
  if (memory === undefined) return;
  step("count memory of cgroups below", () =>
    tolerate(["ENOENT"], () => writeFile(`${memory.directory}/memory.use_hierarchy`, "1")),
  );
}

/** Linux 4.5 and newer. */
function mountVersionTwo(flags: number): Hierarchy | null {
  const directory = `${base}/unified`;
  mkdir(directory, directoryMode);
  const tryMount = (data: string): boolean =>
    tolerate(["ENODEV", "EINVAL"], () => mount("cgroup2", directory, "cgroup2", flags, data));
  const isMounted = step("mount cgroup2", () => tryMount("nsdelegate") || tryMount(""));
  return isMounted
    ? { name: "unified", controllers: [], directory, data: null, entrance: "cgroup.procs" }
    : null;
}
