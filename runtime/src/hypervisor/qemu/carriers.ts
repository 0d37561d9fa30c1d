import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  carrierParameter,
  type StreamCarrier,
  streamCarrierProperties,
  virtioPortName,
} from "@runv/protocol";
import { RunvError } from "@runv/protocol/errors";
import type { Carrier, ConfinedProcess, Descriptor } from "../../../resident/contract/monitor.ts";
import type { CarrierChoice } from "../../config/choices.ts";
import { findProgram } from "../../shared/installation.ts";
import type { VmSpec } from "../hypervisor.ts";
import { confinedRoot } from "./confinement.ts";
import { type Machine, virtioDevice } from "./machines.ts";
import { serialPortProblem } from "./serial-ports.ts";
import { noPrivileges } from "./shares.ts";

/** What a carrier adds to a VM. */
export interface CarrierParts {
  readonly name: Exclude<CarrierChoice, "auto">;
  readonly carrier: Carrier;
  readonly helpers: readonly ConfinedProcess[];
  readonly argv: readonly string[];
  /** What the guest's kernel and agent are told. */
  readonly kernelParameters: readonly string[];
  readonly descriptors: Readonly<Record<string, Descriptor>>;
  /** Directories below the VM's that belong to a helper's user. */
  readonly ownedDirectories: readonly string[];
}

export const vhostVsockDevice = "/dev/vhost-vsock";
export const vhostUserProgram = "vhost-device-vsock";
/** CIDs 0 to 2 are taken: vsock(7). */
const firstGuestCid = 3;
const helperReadyTimeoutMs = 5000;

/**
 * The carrier asked for, or the best that there is: vsock where the host can, else a virtio-serial port, which needs nothing.
 * @throws RunvError "unavailable" that says what to install, "invalid-argument" when the machine does not have it
 */
export function chooseCarrier(spec: VmSpec, machine: Machine): CarrierParts {
  const wanted = spec.carrier;
  if (wanted === "virtio-serial") return virtioSerial(machine);
  if (wanted === "isa-serial") return isaSerial(machine, spec.guest.vmlinux);
  if (wanted !== "vhost-user-vsock" && existsSync(vhostVsockDevice)) return vhostVsock(machine);
  const program = wanted === "vhost-vsock" ? null : findProgram(vhostUserProgram, spec.programs);
  if (program !== null) return vhostUserVsock(spec.directory, program, machine);
  if (wanted === "auto") return virtioSerial(machine);
  throw new RunvError("unavailable", `carrier: ${wanted}: ${missing(wanted)}`);
}

function missing(wanted: "vhost-vsock" | "vhost-user-vsock"): string {
  return wanted === "vhost-vsock"
    ? `${vhostVsockDevice} is missing (modprobe vhost_vsock)`
    : `the program ${vhostUserProgram} is not installed (Debian package ${vhostUserProgram}, or programs.${vhostUserProgram} in the configuration)`;
}

function vhostVsock(machine: Machine): CarrierParts {
  return {
    name: "vhost-vsock",
    carrier: { kind: "vhost-vsock", firstCid: firstGuestCid },
    helpers: [],
    argv: ["-device", `${virtioDevice(machine, "vhost-vsock")},guest-cid={cid},vhostfd={fd:vhost}`],
    kernelParameters: [],
    descriptors: { vhost: { kind: "vhost-vsock" } },
    ownedDirectories: [],
  };
}

/** What carriers that are one byte stream have in common: the monitor's socket becomes a character device of the VM. */
function stream(name: StreamCarrier, device: readonly string[]): CarrierParts {
  return {
    name,
    carrier: { kind: "stream", ...streamCarrierProperties[name] },
    helpers: [],
    argv: ["-chardev", "socket,id=carrier,fd={fd:carrier}", ...device],
    kernelParameters: [`${carrierParameter}=${name}`],
    descriptors: { carrier: { kind: "carrier" } },
    ownedDirectories: [],
  };
}

function virtioSerial(machine: Machine): CarrierParts {
  return stream("virtio-serial", [
    ...["-device", `${virtioDevice(machine, "virtio-serial")},max_ports=2`],
    ...["-device", `virtserialport,chardev=carrier,nr=1,name=${virtioPortName}`],
  ]);
}

function isaSerial(machine: Machine, vmlinux: string): CarrierParts {
  if (!machine.hasSecondSerialPort)
    throw new RunvError(
      "invalid-argument",
      `carrier: isa-serial: the machine ${machine.name} has one serial port, which is the console (machine q35 or pc has two)`,
    );
  const problem = serialPortProblem(vmlinux);
  if (problem !== null) throw new RunvError("invalid-argument", `carrier: isa-serial: ${problem}`);
  const parts = stream("isa-serial", ["-device", "isa-serial,index=1,chardev=carrier"]);
  // The guest's kernel looks for one port unless it is told to.
  return { ...parts, kernelParameters: [...parts.kernelParameters, "8250.nr_uarts=2"] };
}

function vhostUserVsock(directory: string, program: string, machine: Machine): CarrierParts {
  const shared = join(directory, "vsock");
  const control = join(shared, "control.sock");
  const connect = join(shared, "connect.sock");
  const inside = "/run/vsock";
  const helper: ConfinedProcess = {
    name: vhostUserProgram,
    argv: [
      "/usr/bin/vhost-device-vsock",
      "--vm",
      `guest-cid=${firstGuestCid},socket=${inside}/control.sock,uds-path=${inside}/connect.sock`,
    ],
    env: [],
    privileges: noPrivileges,
    root: confinedRoot({
      binds: [
        { source: program, target: "/usr/bin/vhost-device-vsock", readonly: true, optional: false },
        { source: shared, target: inside, readonly: false, optional: false },
      ],
      devices: [],
    }),
    descriptors: {},
    readyFiles: [control],
    readyTimeoutMs: helperReadyTimeoutMs,
    // It writes to sockets and to the guest's memory, which the VMM has sized.
    maxFileBytes: 0,
    log: join(directory, `${vhostUserProgram}.log`),
    failureMarks: [],
  };
  return {
    name: "vhost-user-vsock",
    carrier: { kind: "unix-connect", path: connect },
    helpers: [helper],
    argv: [
      ...["-chardev", "socket,id=vsock,fd={fd:vsock}"],
      ...["-device", `${virtioDevice(machine, "vhost-user-vsock")},chardev=vsock`],
    ],
    kernelParameters: [],
    descriptors: { vsock: { kind: "unix-connect", path: control, timeoutMs: helperReadyTimeoutMs } },
    ownedDirectories: [shared],
  };
}
