import {
  type CreateContainerRequest,
  Namespace,
  type Process,
  type Resources,
  RunvError,
} from "@runv/protocol";
import { mergeLimits, noLimits, type PresentLimits } from "@runv/protocol/present-limits";
import { carrierDeviceRules } from "../linux/carrier-device.ts";
import type { Cgroup, Cgroups } from "../linux/cgroups/cgroup.ts";
import { until, type Wait } from "../linux/deadline.ts";
import { ownDeviceRules } from "../linux/default-devices.ts";
import {
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
  type OptionalNamespace,
  openNamespaces,
} from "../linux/namespaces.ts";
import { compileProfile, type SeccompFilter } from "../linux/seccomp-profile.ts";
import { SIGKILL } from "../linux/signals.ts";
import { clone } from "../linux/sys.ts";
import { writeIdMaps } from "../linux/user-namespace.ts";
import { Container } from "./container.ts";
import { runInit } from "./init-child.ts";
import { launch } from "./launch.ts";
import { beginsOutside, idMapsOf } from "./outside.ts";
import { startHooksDeadlineMs } from "./start-hooks.ts";

const emptyCgroup: Wait = { intervalMs: 5, deadlineMs: 5_000 };

const cloneFlags: Readonly<Partial<Record<Namespace, number>>> = {
  [Namespace.IPC]: CLONE_NEWIPC,
  [Namespace.UTS]: CLONE_NEWUTS,
  [Namespace.NETWORK]: CLONE_NEWNET,
  [Namespace.USER]: CLONE_NEWUSER,
};

export interface Creation {
  readonly request: CreateContainerRequest;
  readonly process: Process;
  /** Of the guest. */
  readonly cgroups: Cgroups;
  /** Directory that holds the unpacked rootfs. */
  readonly rootfs: string;
  /** Directory of the guest for device nodes that cannot be made in the container. */
  readonly deviceDirectory: string;
  readonly allowVsock: boolean;
  onFinished(): void;
}

/** Makes a container up to the point where only its program is to be executed. Nothing is left of one that fails. */
export async function createContainer(creation: Creation): Promise<Container> {
  const { request } = creation;
  const path = request.cgroupPath === "" ? `/${request.containerId}` : request.cgroupPath;
  const seccomp = request.seccomp === undefined ? null : compileProfile(request.seccomp);
  const rules = [...request.deviceRules, ...ownDeviceRules, ...carrierDeviceRules()];
  const cgroup = creation.cgroups.create(path, rules);
  try {
    const limits = setLimits(cgroup, request.resources);
    const init = await launchInit(creation, cgroup, seccomp).catch((thrown: unknown) => {
      throw cgroup.oomKills() > 0 ? tooLittleMemory(thrown) : thrown;
    });
    try {
      return new Container({
        id: request.containerId,
        init,
        cgroup,
        namespaces: openNamespaces(init.child.pid, optionalNamespaces(request.namespaces)),
        idMaps: idMapsOf(request),
        seccomp,
        personality: request.personality,
        startHooksMs: startHooksDeadlineMs(request.startContainerHooks),
        limits,
      });
    } catch (thrown) {
      init.child.abandon();
      init.discard();
      throw thrown;
    }
  } catch (thrown) {
    // A process that was made and not taken over waits in there.
    cgroup.signal(SIGKILL);
    await until(() => cgroup.remove(), `remove cgroup ${path}`, emptyCgroup);
    throw thrown;
  }
}

/** Nothing runs in there yet that memory would have to be taken from. */
function setLimits(cgroup: Cgroup, resources: Resources | undefined): PresentLimits {
  if (resources === undefined) return noLimits;
  cgroup.setLimits(resources, noLimits);
  return mergeLimits(noLimits, resources);
}

/** runc's words. */
function tooLittleMemory(cause: unknown): RunvError {
  const message = "container init was OOM-killed (memory limit too low?)";
  return new RunvError("resource-exhausted", message, { cause });
}

async function launchInit(
  creation: Creation,
  cgroup: Cgroup,
  seccomp: SeccompFilter | null,
): ReturnType<typeof launch> {
  const { request, process, rootfs, deviceDirectory, allowVsock } = creation;
  const cloneFlags = namespaceFlags(request.namespaces);
  const isOutside = beginsOutside(request);
  const { personality } = request;
  const shared = {
    request,
    process,
    rootfs,
    cgroup,
    allowVsock,
    seccomp,
    personality,
    deviceDirectory,
    cloneFlags,
  };
  return launch({
    name: `container ${request.containerId}`,
    terminal: process.terminal,
    fork: () => clone(isOutside ? 0 : cloneFlags),
    preserved: process.preserved,
    body: (descriptors) => runInit({ ...shared, ...descriptors }),
    adopt: isOutside ? { take: (pid) => giveIds(pid, request), terminalOf: "second" } : null,
    options: {
      unclaimedMs: null,
      onFinished: () => creation.onFinished(),
      onKilled: () => cgroup.letKilledEnd(),
    },
  });
}

/** Whoever tells of that process is the agent's own: nothing of the container runs yet. */
function giveIds(pid: number, request: CreateContainerRequest): boolean {
  const maps = idMapsOf(request);
  if (maps !== null) writeIdMaps(pid, maps);
  return true;
}

function optionalNamespaces(namespaces: readonly Namespace[]): OptionalNamespace[] {
  const user: OptionalNamespace[] = namespaces.includes(Namespace.USER) ? ["user"] : [];
  return namespaces.includes(Namespace.TIME) ? [...user, "time"] : user;
}

function namespaceFlags(namespaces: readonly Namespace[]): number {
  return namespaces.reduce<number>(
    (flags, namespace) => flags | (cloneFlags[namespace] ?? 0),
    CLONE_NEWPID | CLONE_NEWNS,
  );
}
