import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { controlPort, listeningMark } from "@runv/protocol";
import { RunvError } from "@runv/protocol/errors";
import {
  type ConfinedProcess,
  type Descriptor,
  type MonitorSpec,
  monitorContractVersion,
} from "../../../resident/contract/monitor.ts";
import { findProgram } from "../../shared/installation.ts";
import { isFirstNotice } from "../../state/notices.ts";
import { type Hypervisor, type LaunchedVm, type Vm, type VmSpec, vmFiles } from "../hypervisor.ts";
import { startMonitor } from "../monitor.ts";
import { launchedVm, monitoredVm } from "../monitored-vm.ts";
import { parseSavedVm } from "../saved-vm.ts";
import { accelDoubt, accelNotice, chooseAccel, failureMarks, type QemuAccel } from "./accel.ts";
import { insidePaths, qemuArguments, type VmParts } from "./arguments.ts";
import { type CarrierParts, chooseCarrier } from "./carriers.ts";
import { confinedRoot, firstConfinedUser } from "./confinement.ts";
import { hostNeed } from "./host-need.ts";
import { chooseMachine } from "./machine-choice.ts";
import { type MemoryLayout, memoryLayout } from "./memory-layout.ts";
import { debianPackage, program } from "./program.ts";
import { shareFlaw, shareProblem } from "./share-problem.ts";
import { anySize, type ShareParts, shareParts } from "./shares.ts";
import { probe } from "./support.ts";
import { emulatorVersion, versionProblem } from "./version.ts";

const driverName = "qemu";
const firmware = ["/usr/share/qemu", "/usr/share/seabios"];
const vmmReadyTimeoutMs = 5000;
/** What is kept of the guest's console. */
const consoleMaxBytes = 65_536;
const bytesPerMib = 1_048_576;
/** The first descriptor of the monitor that carries a file (contract/monitor.ts). */
const firstInheritedDescriptor = 4;

/** What adds to a VM: descriptors, files and arguments. */
interface AddedParts {
  readonly carrier: CarrierParts;
  readonly share: ShareParts;
}

interface LaunchPlan {
  readonly memory: MemoryLayout;
  /** Of the VMM. */
  readonly path: string;
  readonly accel: QemuAccel;
  readonly machine: string;
  readonly carrier: string;
  readonly monitor: MonitorSpec;
}

export const qemu: Hypervisor = {
  name: driverName,
  probe,
  shareProblem,
  shareFlaw,
  hostNeed,
  launch,
  attach,
};

async function launch(spec: VmSpec, signal: AbortSignal): Promise<LaunchedVm> {
  const plan = planLaunch(spec);
  for (const directory of plan.monitor.ownedDirectories) mkdirSync(directory, { mode: 0o700 });
  const { processes, ...monitor } = await startMonitor(
    plan.monitor,
    spec.disks.map((disk) => disk.descriptor),
    signal,
  );
  const { accel, machine, carrier } = plan;
  const spare = { mostVcpus: spec.vcpuCount + spec.spare.vcpuCount, memory: plan.memory.spare };
  const saved = { driver: driverName, directory: spec.directory, ...processes, accel, carrier, spare };
  return launchedVm(saved, {
    ...monitor,
    machine,
    warnings: [...noticeOf(spec, accel), ...monitor.warnings],
    doubts: async () => doubts(plan, signal),
  });
}

function noticeOf(spec: VmSpec, accel: QemuAccel): string[] {
  const notice = accelNotice(spec.accel, accel);
  return notice !== "" && isFirstNotice("emulation") ? [notice] : [];
}

async function doubts({ path, accel }: LaunchPlan, signal: AbortSignal): Promise<string[]> {
  const tooOld = versionProblem(await emulatorVersion(path, signal)) ?? "";
  return [accelDoubt(accel), tooOld].filter((doubt) => doubt !== "");
}

/** What a VM becomes on this host, and what its monitor is told. Nothing is made yet. @throws RunvError as `launch` */
export function planLaunch(spec: VmSpec): LaunchPlan {
  const path = findProgram(program, spec.programs);
  if (path === null) throw notInstalled();
  const accel = chooseAccel(spec.accel);
  const machine = chooseMachine(spec);
  const carrier = chooseCarrier(spec, machine);
  const share = shareParts(spec, machine);
  const memory = memoryLayout(spec, machine);
  const processes = [
    ...carrier.helpers,
    ...share.helpers,
    vmm(spec, path, { accel, machine, memory, carrier, share }),
  ];
  return {
    path,
    memory,
    accel,
    machine: machine.name,
    carrier: carrier.name,
    monitor: monitorSpec(spec, processes, carrier),
  };
}

function notInstalled(): RunvError {
  return new RunvError(
    "unavailable",
    `hypervisor: qemu: the program ${program} is not installed (Debian package ${debianPackage})`,
  );
}

function attach(saved: unknown): Vm {
  return monitoredVm(parseSavedVm(saved));
}

function monitorSpec(
  spec: VmSpec,
  processes: readonly ConfinedProcess[],
  carrier: CarrierParts,
): MonitorSpec {
  const inDirectory = (name: string): string => join(spec.directory, name);
  return {
    version: monitorContractVersion,
    directory: spec.directory,
    processes,
    firstUser: firstConfinedUser,
    oomScoreAdj: spec.oomScoreAdj,
    ownedDirectories: carrier.ownedDirectories,
    carrier: carrier.carrier,
    sockets: { vsock: inDirectory(vmFiles.vsockSocket), agent: inDirectory(vmFiles.agentSocket) },
    controlPort,
    console: { path: inDirectory(vmFiles.console), maxBytes: consoleMaxBytes, listeningMark },
    cgroups: spec.cgroups,
    exitRecord: inDirectory(vmFiles.exitRecord),
    monitorRecord: inDirectory(vmFiles.monitorRecord),
    rollback: spec.rollback,
  };
}

function vmm(
  spec: VmSpec,
  programPath: string,
  { carrier, share, ...chosen }: Pick<VmParts, "accel" | "machine" | "memory"> & AddedParts,
): ConfinedProcess {
  const readonly = (
    source: string,
    target: string,
    optional = false,
  ): { source: string; target: string; readonly: true; optional: boolean } => ({
    source,
    target,
    readonly: true,
    optional,
  });
  return {
    name: driverName,
    argv: qemuArguments(spec, {
      ...chosen,
      moreArgv: [...carrier.argv, ...share.argv],
      moreKernelParameters: carrier.kernelParameters,
    }),
    env: [],
    privileges: share.vmmPrivileges,
    root: {
      ...confinedRoot({
        binds: [
          readonly(programPath, insidePaths.program),
          readonly(spec.guest.vmlinux, insidePaths.kernel),
          readonly(spec.guest.initramfs, insidePaths.initramfs),
          ...firmware.filter((path) => existsSync(path)).map((path) => readonly(path, path)),
        ],
        devices: chosen.accel === "kvm" ? [{ path: "/dev/kvm", major: 10, minor: 232 }] : [],
      }),
      ...share.vmmRoot,
    },
    descriptors: {
      ...carrier.descriptors,
      ...share.descriptors,
      ...diskDescriptors(spec),
      console: { kind: "console" },
      qmp: { kind: "unix-listen", path: join(spec.directory, "qmp.sock") },
    },
    readyFiles: [],
    readyTimeoutMs: vmmReadyTimeoutMs,
    maxFileBytes: share.vmmRoot.shares.length > 0 ? anySize : largestFile(spec, chosen.memory),
    log: join(spec.directory, "qemu.log"),
    failureMarks,
  };
}

/** It writes to its disks, and sizes the guest's memory, which is a file too (memfd_create(2)): nothing may become larger than these. */
function largestFile(spec: VmSpec, { totalMib }: MemoryLayout): number {
  return Math.max(totalMib * bytesPerMib, ...spec.disks.map(({ sizeBytes }) => sizeBytes));
}

function diskDescriptors(spec: VmSpec): Record<string, Descriptor> {
  return Object.fromEntries(
    spec.disks.map((_, index) => [
      `disk${index}`,
      { kind: "inherited", number: firstInheritedDescriptor + index },
    ]),
  );
}
