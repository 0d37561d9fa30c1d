import {
  type CreateContainerRequest,
  type DescriptorAccess,
  type DeviceRule,
  Namespace,
  type Process,
} from "@runv/protocol";
import type { NamespaceType } from "../oci/linux-names.ts";
import type { ProcessSpec } from "../oci/process-spec.ts";
import type { Spec } from "../oci/spec.ts";
import { hookState } from "../oci/state-json.ts";
import type { StoragePlan } from "../sandbox/storage-plan.ts";
import type { ContainerRecord } from "../state/container-record.ts";
import { resourcesRequest } from "./resources-request.ts";
import { seccompRequest } from "./seccomp-request.ts";

const namespaceOf: Readonly<Record<NamespaceType, Namespace>> = {
  pid: Namespace.PID,
  mount: Namespace.MOUNT,
  ipc: Namespace.IPC,
  uts: Namespace.UTS,
  network: Namespace.NETWORK,
  cgroup: Namespace.CGROUP,
  user: Namespace.USER,
  time: Namespace.TIME,
};

/** What the agent is asked for: an accepted config.json in the words of agent.proto. */
export function createContainerRequest(
  record: Pick<ContainerRecord, "id" | "ociVersion" | "bundle" | "annotations">,
  spec: Spec,
  storage: Pick<StoragePlan, "rootfs" | "mounts">,
  preserved: readonly DescriptorAccess[],
): CreateContainerRequest {
  const { linux } = spec;
  return {
    containerId: record.id,
    rootfs: storage.rootfs,
    hostname: spec.hostname,
    domainname: spec.domainname,
    mounts: [...storage.mounts],
    process: processRequest(spec.process, preserved),
    namespaces: linux.namespaces.map((type) => namespaceOf[type]),
    maskedPaths: [...linux.maskedPaths],
    readonlyPaths: [...linux.readonlyPaths],
    devices: [...linux.devices],
    deviceRules: linux.deviceRules.map((rule): DeviceRule => rule),
    sysctls: Object.entries(linux.sysctls).map(([name, value]) => ({ name, value })),
    personality: linux.personality ?? "",
    startContainerHooks: startContainerHooks(record, spec),
    rootfsPropagation: linux.rootfsPropagation ?? "",
    cgroupPath: "",
    seccomp: linux.seccomp === null ? undefined : seccompRequest(linux.seccomp),
    resources: resourcesRequest(linux.resources),
    uidMappings: [...(linux.idMappings?.uids ?? [])],
    gidMappings: [...(linux.idMappings?.gids ?? [])],
    timeOffsets: [...linux.timeOffsets],
  };
}

/** Their state is the one before the start, as with runc. */
function startContainerHooks(
  record: Parameters<typeof hookState>[0],
  { hooks, process }: Spec,
): CreateContainerRequest["startContainerHooks"] {
  return {
    hooks: hooks.startContainer.map(({ path, args, env, timeoutMs }) => ({
      path,
      args: [...args],
      env: [...(env ?? process.env)],
      timeoutMs,
    })),
    state: JSON.stringify(hookState(record, "created", 0)),
  };
}

export function processRequest(process: ProcessSpec, preserved: readonly DescriptorAccess[]): Process {
  const { user, capabilities, scheduler } = process;
  return {
    args: [...process.args],
    env: [...process.env],
    cwd: process.cwd,
    uid: user.uid,
    gid: user.gid,
    additionalGids: [...user.additionalGids],
    umask: user.umask ?? undefined,
    terminal: process.terminal,
    rows: process.consoleSize?.rows ?? 0,
    columns: process.consoleSize?.columns ?? 0,
    capabilities:
      capabilities === null
        ? undefined
        : {
            bounding: [...capabilities.bounding],
            effective: [...capabilities.effective],
            inheritable: [...capabilities.inheritable],
            permitted: [...capabilities.permitted],
            ambient: [...capabilities.ambient],
          },
    rlimits: [...process.rlimits],
    noNewPrivileges: process.noNewPrivileges,
    oomScoreAdj: process.oomScoreAdj ?? undefined,
    scheduler: scheduler === null ? undefined : { ...scheduler, flags: [...scheduler.flags] },
    ioPriority: process.ioPriority ?? undefined,
    preserved: [...preserved],
  };
}
