import { existsSync } from "node:fs";
import { join } from "node:path";
import { RunvError } from "@runv/protocol/errors";
import type { Carrier, ConfinedProcess, Descriptor } from "../../../resident/contract/monitor.ts";
import type { CarrierChoice } from "../../config/choices.ts";
import { findProgram } from "../../shared/installation.ts";
import type { VmSpec } from "../hypervisor.ts";
import { confinedRoot } from "./confinement.ts";
import { noPrivileges } from "./shares.ts";

/** What a carrier adds to a VM. */
export interface CarrierParts {
  readonly name: Exclude<CarrierChoice, "auto">;
  readonly carrier: Carrier;
  readonly helpers: readonly ConfinedProcess[];
  readonly argv: readonly string[];
  readonly descriptors: Readonly<Record<string, Descriptor>>;
  /** Directories below the VM's that belong to a helper's user. */
  readonly ownedDirectories: readonly string[];
}

export const vhostVsockDevice = "/dev/vhost-vsock";
export const vhostUserProgram = "vhost-device-vsock";
/** CIDs 0 to 2 are taken: vsock(7). */
const firstGuestCid = 3;
const helperReadyTimeoutMs = 5000;

/** @throws RunvError "unavailable" that says what to install. */
export function chooseCarrier(spec: VmSpec): CarrierParts {
  const wanted = spec.carrier;
  if (wanted !== "vhost-user-vsock" && existsSync(vhostVsockDevice)) return vhostVsock();
  const program = wanted === "vhost-vsock" ? null : findProgram(vhostUserProgram, spec.programs);
  if (program !== null) return vhostUserVsock(spec.directory, program);
  throw new RunvError("unavailable", `no way to reach the guest: ${missing(wanted)}`);
}

function missing(wanted: CarrierChoice): string {
  const kernel = `${vhostVsockDevice} is missing (modprobe vhost_vsock)`;
  const program = `the program ${vhostUserProgram} is not installed (Debian package ${vhostUserProgram}, or programs.${vhostUserProgram} in the configuration)`;
  if (wanted === "vhost-vsock") return kernel;
  return wanted === "vhost-user-vsock" ? program : `${kernel} and ${program}`;
}

function vhostVsock(): CarrierParts {
  return {
    name: "vhost-vsock",
    carrier: { kind: "vhost-vsock", firstCid: firstGuestCid },
    helpers: [],
    argv: ["-device", "vhost-vsock-device,guest-cid={cid},vhostfd={fd:vhost}"],
    descriptors: { vhost: { kind: "vhost-vsock" } },
    ownedDirectories: [],
  };
}

function vhostUserVsock(directory: string, program: string): CarrierParts {
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
  };
  return {
    name: "vhost-user-vsock",
    carrier: { kind: "unix-connect", path: connect },
    helpers: [helper],
    argv: ["-chardev", "socket,id=vsock,fd={fd:vsock}", "-device", "vhost-user-vsock-device,chardev=vsock"],
    descriptors: { vsock: { kind: "unix-connect", path: control, timeoutMs: helperReadyTimeoutMs } },
    ownedDirectories: [shared],
  };
}
