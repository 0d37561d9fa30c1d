import {
  carrierParameter,
  type DeviceRule,
  type StreamCarrier,
  streamCarriers,
  virtioPortName,
} from "@runv/protocol";
import { errnoOf } from "./errno.ts";
import { O_NOCTTY, O_NONBLOCK, O_RDWR } from "./open-flags.ts";
import {
  close,
  environ,
  type Fd,
  fstat,
  makeRaw,
  open,
  read,
  readdir,
  readFile,
  setLineSpeed,
} from "./sys.ts";

const virtioPorts = "/sys/class/virtio-ports";
const maxNameBytes = 256;
/** The second serial port: the first is the console. */
const isaPort = "/dev/ttyS1";
/** The fastest that a 16550 has: its driver and the emulated chip wait for a multiple of a character's time. */
const isaBitsPerSecond = 115_200;

/** What the host named on the kernel command line, which the kernel passes to PID 1; null: vsock. */
export function streamCarrier(): StreamCarrier | null {
  const named = environ().find((variable) => variable.startsWith(`${carrierParameter}=`));
  return streamCarriers.find((kind) => named === `${carrierParameter}=${kind}`) ?? null;
}

const deviceRules: DeviceRule[] = [];

/** Opens its device. @returns null while there is none yet, or the host's side of it is not connected yet. */
export function openCarrierDevice(kind: StreamCarrier): Fd | null {
  const fd = kind === "virtio-serial" ? openVirtioPort() : openIsaPort();
  if (fd === null) return null;
  const { rdevMajor: major, rdevMinor: minor } = fstat(fd);
  deviceRules.push({ allow: false, type: "c", major, minor, access: "rw" });
  return fd;
}

/** The agent's device is the agent's, whatever config.json allows its container. */
export function carrierDeviceRules(): readonly DeviceRule[] {
  return deviceRules;
}

function openVirtioPort(): Fd | null {
  const name = portNames().find((port) => portName(port) === virtioPortName);
  if (name === undefined) return null;
  const fd = open(`/dev/${name}`, O_RDWR | O_NONBLOCK);
  if (isConnected(fd)) return fd;
  close(fd);
  return null;
}

function portNames(): string[] {
  try {
    return readdir(virtioPorts);
  } catch (thrown) {
    if (errnoOf(thrown) === "ENOENT") return [];
    throw thrown;
  }
}

/** The name arrives after the port. */
function portName(port: string): string {
  try {
    return readFile(`${virtioPorts}/${port}/name`, maxNameBytes).trim();
  } catch (thrown) {
    if (errnoOf(thrown) === "ENOENT") return "";
    throw thrown;
  }
}

/** The driver says "end of file" until the host has connected; the host says nothing before it is told that we are there. */
function isConnected(fd: Fd): boolean {
  try {
    return read(fd, 1).length > 0;
  } catch (thrown) {
    if (errnoOf(thrown) === "EAGAIN") return true;
    throw thrown;
  }
}

function openIsaPort(): Fd {
  const fd = open(isaPort, O_RDWR | O_NOCTTY | O_NONBLOCK);
  makeRaw(fd);
  setLineSpeed(fd, isaBitsPerSecond);
  return fd;
}
