import type { Device, DeviceRule } from "@runv/protocol";

function character(name: string, major: number, minor: number): Device {
  return { path: `/dev/${name}`, type: "c", major, minor, fileMode: 0o666, uid: 0, gid: 0 };
}

/** What every container has (runtime-spec config-linux.md, Default Devices). */
export const defaultDevices: readonly Device[] = [
  character("null", 1, 3),
  character("zero", 1, 5),
  character("full", 1, 7),
  character("random", 1, 8),
  character("urandom", 1, 9),
  character("tty", 5, 0),
];

const anyNode: DeviceRule = { allow: true, type: "c", major: -1, minor: -1, access: "m" };

/**
 * Whatever config.json says: making nodes, the default devices, ptmx and the pseudo-terminals are allowed; the guest's console, which
 * the host reads when something fails, is not (the container's /dev/console is a pseudo-terminal).
 */
export const ownDeviceRules: readonly DeviceRule[] = [
  anyNode,
  { ...anyNode, type: "b" },
  ...[...defaultDevices, character("ptmx", 5, 2)].map(
    ({ type, major, minor }): DeviceRule => ({ allow: true, type, major, minor, access: "rwm" }),
  ),
  { allow: true, type: "c", major: 136, minor: -1, access: "rwm" },
  { allow: false, type: "c", major: 5, minor: 1, access: "rw" },
  { allow: false, type: "c", major: 4, minor: 64, access: "rw" },
];
