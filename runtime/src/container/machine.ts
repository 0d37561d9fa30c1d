import type { Settings } from "../config/settings.ts";
import { bootSandbox, hostNeedOf, type Sandbox } from "../sandbox/boot.ts";
import { fencedPlan, machineRecord } from "../sandbox/growth.ts";
import { limitHostPlace, type SystemdPlace, takeHostPlace } from "../sandbox/host-place.ts";
import { type MachinePlan, planMachine } from "../sandbox/machine-plan.ts";
import { bootSettings, storageSettings } from "../sandbox/settings.ts";
import { planStorage, type StoragePlan } from "../sandbox/storage-plan.ts";
import type { HostNeed } from "../shared/host-need.ts";
import { inSuccession } from "../shared/in-succession.ts";
import type { MachineRecord } from "../shared/machine-record.ts";
import type { Releases } from "../shared/releases.ts";
import type { StartedResident } from "../shared/resident.ts";
import type { ContainerRecord } from "../state/container-record.ts";
import { containerDirectory } from "../state/paths.ts";
import { changeContainer } from "../state/store.ts";
import type { Bundle } from "./bundle.ts";
import type { Context } from "./context.ts";
import { hasCreationHooks, makeNamespaces } from "./namespaces.ts";
import type { PreservedCount } from "./preserved.ts";
import { resourcesRequest } from "./resources-request.ts";
import type { Stopwatch } from "./stopwatch.ts";
import type { proxyTerminal } from "./terminal.ts";

/** What a container's virtual machine is made of. */
export interface MachineRequest {
  readonly bundle: Bundle;
  readonly record: ContainerRecord;
  /** Of this container. */
  readonly settings: Settings;
  readonly watch: Stopwatch;
  readonly terminal: ReturnType<typeof proxyTerminal>;
  /** What systemd is asked for; null: it places nothing. */
  readonly scope: SystemdPlace | null;
  readonly preserved: PreservedCount;
}

export interface Machine {
  readonly sandbox: Sandbox;
  readonly storage: StoragePlan;
  /** Of the container's init process; it waits. */
  readonly proxy: StartedResident;
  readonly hostNeed: HostNeed;
  /** What is written down of it. */
  readonly known: MachineRecord;
}

/** Takes the container's place on the host, with its namespaces and their hooks, and boots its virtual machine there. @throws RunvError */
export async function bootMachine(
  request: MachineRequest,
  context: Context,
  releases: Releases,
): Promise<Machine> {
  const { bundle, record, settings, watch, preserved } = request;
  const boot = bootSettings(settings);
  const { resources } = bundle.spec.linux;
  const wanted = planMachine(boot, resources);
  const place = await takeHostPlace(record, request.scope, releases, context.signal);
  const plan = fencedPlan(wanted, record.cgroups);
  const storage = await planStorage({
    container: record.id,
    rootfs: bundle.rootfs,
    spec: bundle.spec,
    settings: storageSettings(settings),
    vmDirectory: record.vmDirectory,
    warn: (sentence) => context.log.warning(sentence),
    signal: context.signal,
  });
  const need = hostNeedOf({ ...boot, plan, storage });
  const warn = (sentence: string): void => context.log.warning(sentence);
  const machineNeed = { ...need, isFenced: plan.spare.memoryMib > 0 };
  await limitHostPlace(record, { resources, need: machineNeed }, { warn, signal: context.signal });
  const options = {
    directory: record.vmDirectory,
    ...boot,
    plan,
    storage,
    cgroups: record.cgroups,
    // The memory that the container takes is the VMM's.
    oomScoreAdj: bundle.spec.process.oomScoreAdj ?? 0,
    rollback: {
      trees: [containerDirectory(context.root, record.id), record.vmDirectory],
      cgroups: place.newCgroups,
    },
    powerOffWithInit: true,
    onLaunched: async (vm: unknown) => {
      watch.lap("launch");
      await noteVm(record, vm, context);
    },
  };
  watch.lap("plan");
  const [proxy, sandbox] = await fillPlace(
    {
      inOrder: hasCreationHooks(bundle.spec.hooks) || preserved.listening + preserved.asked > 0,
      makeNamespaces: async (signal) => {
        const proxy = await makeNamespaces({ ...request, storage }, { ...context, signal }, releases);
        await place.settle();
        return proxy;
      },
      bootSandbox: async (signal) => bootSandbox({ ...options, signal }, releases),
    },
    context.signal,
  );
  watch.lapBoot(sandbox.guest);
  describe({ sandbox, storage, plan }, context);
  const known = machineRecord(plan, settings.max_vcpus, resourcesRequest(resources));
  return { sandbox, storage, proxy, hostNeed: need, known };
}

interface Filling {
  readonly inOrder: boolean;
  readonly makeNamespaces: (signal: AbortSignal) => Promise<StartedResident>;
  readonly bootSandbox: (signal: AbortSignal) => Promise<Sandbox>;
}

/**
 * What hooks do to the namespaces and the root file system counts for the machine, and preserved descriptors are let go by this verb when
 * the proxy has them, before the machine could inherit them. Without these nothing has to wait for anything.
 */
async function fillPlace(
  { inOrder, makeNamespaces: make, bootSandbox: boot }: Filling,
  parent: AbortSignal,
): Promise<readonly [StartedResident, Sandbox]> {
  if (inOrder) return [await make(parent), await boot(parent)];
  const stop = new AbortController();
  const signal = AbortSignal.any([parent, stop.signal]);
  const works = [make(signal), boot(signal)] as const;
  await inSuccession(works, () => stop.abort());
  return Promise.all(works);
}

/** Whoever deletes a container whose `create` has been killed must find its VM, to wait for the end of that. */
async function noteVm(record: ContainerRecord, vm: unknown, context: Context): Promise<void> {
  await changeContainer(context.root, record.id, async () => Promise.resolve({ ...record, vm }));
}

interface Booted {
  readonly sandbox: Sandbox;
  readonly storage: StoragePlan;
  readonly plan: MachinePlan;
}

function describe({ sandbox, storage, plan }: Booted, context: Context): void {
  const { accel, carrier } = sandbox.vm.description;
  const { kernelRelease, agentVersion } = sandbox.guest;
  for (const warning of sandbox.vm.warnings) context.log.warning(warning);
  context.log.debug("virtual machine", {
    machine: sandbox.vm.machine,
    accelerator: accel,
    carrier,
    memoryMib: plan.memoryMib,
    vcpus: plan.vcpuCount,
    rootfs: storage.driver,
    kernelRelease,
    agentVersion,
  });
}
