import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { vmDirectory } from "../../../runtime/src/state/vm-directory.ts";

/** Of a command line: a VMM's is long. */
const shownCharacters = 60;

const stateRoots = "/run/containerd/runc";

/** The state root that containerd's shim gives a runtime for a namespace. */
export function stateRoot(namespace: string): string {
  return path.join(stateRoots, namespace);
}

/** Where to look for what containers leave. */
export interface Place {
  readonly namespace: string;
  /** containerd's own folder. */
  readonly directory: string;
  readonly ids: readonly string[];
}

/** What is left of the containers of a namespace: one line each. */
export function leftovers({ namespace, directory, ids }: Place): string[] {
  const vms = ids.map((id) => vmDirectory(stateRoot(namespace), id)).filter((vm) => existsSync(vm));
  return [
    ...entriesOf(stateRoot(namespace)).map((name) => `state of ${name}`),
    ...vms.map((vm) => `files of a virtual machine: ${vm}`),
    ...processesOf(namespace).map(
      ({ pid, commandLine }) => `process: ${pid} ${commandLine.slice(0, shownCharacters)}`,
    ),
    ...mountsBelow(directory).map((mount) => `mount: ${mount}`),
    ...cgroupsOfNamespace(namespace).flatMap((cgroup) =>
      subdirectories(cgroup).map((name) => `cgroup: ${path.join(cgroup, name)}`),
    ),
  ];
}

/** The directories of the cgroup that ctr puts a namespace's containers below, in every hierarchy. */
export function cgroupsOfNamespace(namespace: string): string[] {
  const mount = "/sys/fs/cgroup";
  const hierarchies = [mount, ...subdirectories(mount).map((name) => path.join(mount, name))];
  return hierarchies
    .map((hierarchy) => path.join(hierarchy, namespace))
    .filter((cgroup) => existsSync(path.join(cgroup, "cgroup.procs")));
}

/** Shims name their namespace; everything that runv starts is in a cgroup of it. */
export function processesOf(namespace: string): { readonly pid: number; readonly commandLine: string }[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    const words = readProcess(pid, "cmdline").split("\0");
    const isShim = words.some((word) => word.endsWith("containerd-shim-runc-v2"));
    const isOurs = isShim ? words.includes(namespace) : inCgroupOf(pid, namespace);
    return isOurs ? [{ pid: Number(pid), commandLine: words.join(" ") }] : [];
  });
}

function inCgroupOf(pid: string, namespace: string): boolean {
  return readProcess(pid, "cgroup").includes(`:/${namespace}/`);
}

/** Empty for a process that has ended meanwhile. */
function readProcess(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}

function mountsBelow(directory: string): string[] {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return mounts.map((line) => line.split(" ")[4] ?? "").filter((mount) => mount.startsWith(`${directory}/`));
}

function entriesOf(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

function subdirectories(directory: string): string[] {
  return entriesOf(directory).filter((name) => statSync(path.join(directory, name)).isDirectory());
}
