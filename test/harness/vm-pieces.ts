import { readFileSync } from "node:fs";
import path from "node:path";
import { type HostProcess, hostProcesses } from "./host-processes.ts";
import type { Runv } from "./runv.ts";

/** The host's processes of one container's virtual machine. */
export interface VmPieces {
  readonly monitor: HostProcess;
  readonly vmm: HostProcess;
  /** vhost-device-vsock; nothing where the kernel carries vsock. */
  readonly carrier: HostProcess | null;
  /** Proxies of the init process and of every exec. */
  readonly proxies: readonly HostProcess[];
}

/** Finds them by the container's cgroup, as somebody who knows nothing of runv's state would. */
export function piecesOf(runv: Runv, id: string): VmPieces {
  const members = cgroupMembers(id);
  const monitor = members.find((member) => path.basename(member.executable) === "runv-monitor");
  const vmm = members.find((member) => member.name.startsWith("qemu-system"));
  if (monitor === undefined || vmm === undefined)
    throw new Error(
      `${id}: no monitor or no VMM among ${JSON.stringify(members)} (${readFileSync(runv.errors(id), "utf8")})`,
    );
  return {
    monitor,
    vmm,
    carrier: members.find((member) => member.name.startsWith("vhost-device")) ?? null,
    proxies: members.filter((member) => path.basename(member.executable) === "runv-proxy"),
  };
}

/** Processes in the cgroup that a container without `linux.cgroupsPath` gets. */
export function cgroupMembers(id: string): HostProcess[] {
  return hostProcesses().filter((candidate) =>
    candidate.cgroups.split("\n").some((line) => line.endsWith(`:/runv/${id}`)),
  );
}

/** Processes of virtiofsd: more than one of the program in C. The bundled one bears the name of the loader that it is started by. */
export function virtiofsdsOf(id: string): number[] {
  return cgroupMembers(id)
    .filter(({ name, executable }) => [name, executable].some((text) => /virtiofsd|ld-linux/.test(text)))
    .map(({ pid }) => pid);
}
