import { rmSync } from "node:fs";
import { withAnnotations } from "../config/annotations.ts";
import type { Settings } from "../config/settings.ts";
import { withVmSection } from "../config/vm-overrides.ts";
import { resourcesOfVersion } from "../oci/resources-of-version.ts";
import { vsockSocketOf } from "../sandbox/attached.ts";
import { explainFailure, type Sandbox } from "../sandbox/boot.ts";
import { handOverTree } from "../sandbox/hand-over.ts";
import { cgroupsOf, limitRunning, type SystemdPlace, systemdPlace } from "../sandbox/host-place.ts";
import type { StoragePlan } from "../sandbox/storage-plan.ts";
import type { CgroupVersion } from "../shared/cgroup-version.ts";
import { parseContainerId } from "../shared/ids.ts";
import { inSuccession } from "../shared/in-succession.ts";
import { JsonCursor } from "../shared/json-cursor.ts";
import { rollbackHooksTimeoutMs } from "../shared/limits.ts";
import { identifyProcess } from "../shared/process-identity.ts";
import { type Releases, rollingBack } from "../shared/releases.ts";
import type { StartedResident } from "../shared/resident.ts";
import { ownUserName } from "../shared/user-name.ts";
import type { ContainerRecord } from "../state/container-record.ts";
import { changeContainer, forgetContainer, isStillOf, reserveContainer } from "../state/store.ts";
import { vmDirectory } from "../state/vm-directory.ts";
import { createContainerRequest } from "./agent-requests.ts";
import { type Bundle, loadBundle } from "./bundle.ts";
import type { Context } from "./context.ts";
import { runPoststop } from "./hooks.ts";
import { bootMachine } from "./machine.ts";
import { writePidFile } from "./pid-file.ts";
import { checkPreserved, type PreservedCount, preservedAccessesOf, withListening } from "./preserved.ts";
import { proceedProxy } from "./proxy.ts";
import { Stopwatch } from "./stopwatch.ts";
import { proxyTerminal, type TerminalOptions } from "./terminal.ts";

export interface CreateOptions extends TerminalOptions {
  readonly id: string;
  readonly bundle: string;
  /** Written last, with the proxy's pid; null: none. */
  readonly pidFile: string | null;
  readonly systemdCgroup: boolean;
  readonly preserved: PreservedCount;
  /** Of this host. */
  readonly settings: Settings;
}

/** A container in state `created`, as the verb that made it holds it. */
export interface CreatedContainer {
  readonly record: ContainerRecord;
  readonly agent: Sandbox["agent"];
  /** Its exit is the container's. */
  readonly proxy: StartedResident;
}

/**
 * The transition to `created`: everything but running the process has been done.
 * @throws RunvError; nothing is left then.
 */
export async function createContainer(options: CreateOptions, context: Context): Promise<CreatedContainer> {
  const watch = new Stopwatch(context.log);
  // Before anything, such as a cgroup, is named after it.
  parseContainerId(options.id);
  const { preserved } = options;
  checkPreserved(preserved);
  const given = loadBundle(options.bundle, context.log);
  const terminal = proxyTerminal(given.spec.process, options);
  const { annotations, vm } = given.spec;
  const settings = withVmSection(withAnnotations(options.settings, annotations), vm);
  const bundle = withResourcesOf(settings.cgroup_version, given, context);
  const { scope, ...place } = placeOf(options, bundle, context);
  const record = newRecord({ ...options, settings }, bundle, place);
  return rollingBack(warn(context), async (releases) => {
    reserveContainer(context.root, record);
    releases.add(`state of ${options.id}`, async () => undoReservation(record, context));
    const machine = { bundle, record, settings, watch, terminal, scope, preserved };
    const { sandbox, storage, proxy, hostNeed, known } = await bootMachine(machine, context, releases);
    try {
      await prepareProcess({ bundle, record, sandbox, storage, watch, proxy, preserved }, context);
      const limiting = { warn: warn(context), signal: context.signal };
      await limitRunning(record, bundle.spec.linux.resources, limiting);
      const { identity: init } = proxy;
      const created = { ...record, creator: null, init, vm: sandbox.vm.saved, hostNeed, machine: known };
      await changeContainer(context.root, record.id, async () => Promise.resolve(created));
      await commit({ vm: sandbox.vm, proxy }, options.pidFile, releases);
      watch.lap("process");
      return { record: created, agent: sandbox.agent, proxy };
    } catch (error) {
      throw await explainFailure(error, sandbox.vm);
    }
  });
}

/** Where the container is to be on the host. @throws RunvError that says why it cannot be there */
function placeOf(
  { id, systemdCgroup }: CreateOptions,
  { spec }: Bundle,
  context: Context,
): Pick<ContainerRecord, "vmDirectory" | "cgroups"> & { readonly scope: SystemdPlace | null } {
  const directory = vmDirectory(context.root, id);
  const { cgroupsPath } = spec.linux;
  if (!systemdCgroup) return { vmDirectory: directory, cgroups: cgroupsOf(cgroupsPath, id), scope: null };
  const scope = systemdPlace(cgroupsPath, { id, vmDirectory: directory }, spec.annotations);
  return { vmDirectory: directory, cgroups: scope.cgroups, scope };
}

/** With the limits that a guest with such control groups can hold. @throws RunvError naming one that it cannot */
function withResourcesOf(version: CgroupVersion, bundle: Bundle, context: Context): Bundle {
  const { spec } = bundle;
  const at = new JsonCursor(undefined, "config.json", "linux.resources");
  const resources = resourcesOfVersion(spec.linux.resources, version, at, warn(context));
  return { ...bundle, spec: { ...spec, linux: { ...spec.linux, resources } } };
}

function newRecord(
  options: CreateOptions,
  bundle: Bundle,
  place: Pick<ContainerRecord, "vmDirectory" | "cgroups">,
): ContainerRecord {
  const { startContainer, poststart, poststop } = bundle.spec.hooks;
  return {
    id: options.id,
    ociVersion: bundle.spec.ociVersion,
    bundle: bundle.path,
    rootfs: bundle.rootfs,
    created: new Date().toISOString(),
    owner: ownUserName(),
    annotations: bundle.spec.annotations,
    hooks: { startContainer, poststart, poststop },
    creator: identifyProcess(process.pid),
    started: false,
    starter: null,
    paused: false,
    freezer: null,
    init: null,
    execs: [],
    vm: null,
    hostNeed: null,
    machine: null,
    cgroupVersion: options.settings.cgroup_version,
    ...place,
    systemdCgroup: options.systemdCgroup,
  };
}

/** poststop hooks are run for a container that came to nothing, too (runtime-spec: runtime.md, "Lifecycle"). */
async function undoReservation(record: ContainerRecord, context: Context): Promise<void> {
  // A monitor that fails gives the id back; it may be another container's by now.
  if (isStillOf(record, context.root)) forgetContainer(context.root, record.id);
  await runPoststop(record, { ...context, signal: AbortSignal.timeout(rollbackHooksTimeoutMs) });
}

interface Preparation {
  readonly bundle: Bundle;
  readonly record: ContainerRecord;
  readonly sandbox: Sandbox;
  readonly storage: StoragePlan;
  readonly watch: Stopwatch;
  readonly proxy: StartedResident;
  readonly preserved: PreservedCount;
}

/** The rootfs, then the container, and beside it the proxy's connection: the agent lets that wait for its process. */
async function prepareProcess(work: Preparation, context: Context): Promise<void> {
  const { bundle, record, sandbox, storage, proxy } = work;
  const vsockSocket = vsockSocketOf(record.vmDirectory);
  const { agent } = sandbox;
  for (const copy of storage.copies) {
    const tree = { container: record.id, copy, vsockSocket, agent, signal: context.signal };
    const { warnings } = await handOverTree(tree);
    for (const warning of warnings) context.log.warning(warning);
  }
  work.watch.lap("rootfs");
  const stop = new AbortController();
  const spec = { ...bundle.spec, process: withListening(bundle.spec.process, work.preserved) };
  const request = createContainerRequest(record, spec, storage, preservedAccessesOf(proxy.event));
  const created = agent.createContainer(request);
  const proxied = proceedProxy(proxy, AbortSignal.any([context.signal, stop.signal]));
  await inSuccession([created, proxied], () => stop.abort());
}

/** The pid file is complete before the verb ends; the VM is let go last, so that until then the death of this verb undoes everything. */
async function commit(
  pieces: { readonly vm: Sandbox["vm"]; readonly proxy: StartedResident },
  pidFile: string | null,
  releases: Releases,
): Promise<void> {
  if (pidFile !== null) {
    writePidFile(pidFile, pieces.proxy.identity.pid);
    releases.add(`pid file ${pidFile}`, () => {
      rmSync(pidFile, { force: true });
    });
  }
  pieces.proxy.commit();
  await pieces.vm.commit();
}

function warn(context: Context): (sentence: string) => void {
  return (sentence) => {
    context.log.warning(sentence);
  };
}
