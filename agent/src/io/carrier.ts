import type { StreamCarrier } from "@runv/protocol";
import { openCarrierDevice, streamCarrier } from "../linux/carrier-device.ts";
import { endMachine } from "../linux/power.ts";
import { monotonicMs, setTimer, write } from "../linux/sys.ts";
import { openMuxPorts } from "./mux-ports.ts";
import type { Ports } from "./port.ts";
import { openVsockPorts } from "./vsock-port.ts";

const stderr = 2;
/** The kernel tells of a device, and of what the host has connected, some time after it has started PID 1. */
const deviceDeadlineMs = 10_000;
const deviceRetryMs = 1;

/** What carries the ports between host and guest. */
export interface Carrier {
  /** Calls `serve` with the ports when they are there. */
  open(serve: (ports: Ports) => void): void;
}

/**
 * The carrier that the host has chosen. vsock ports are opened at once, and connections wait in them; devices are there only when /dev and
 * /sys are.
 * @param onListening the host may connect from now on
 */
export function findCarrier(onListening: () => void): Carrier {
  const kind = streamCarrier();
  if (kind !== null) return { open: (serve) => openWhenThere(kind, onListening, serve) };
  const ports = openVsockPorts();
  onListening();
  return { open: (serve) => serve(ports) };
}

function openWhenThere(kind: StreamCarrier, onListening: () => void, serve: (ports: Ports) => void): void {
  const deadlineMs = monotonicMs() + deviceDeadlineMs;
  const attempt = (): void => {
    const device = openCarrierDevice(kind);
    if (device !== null) {
      serve(openMuxPorts({ kind, device }, (reason) => lose(`${kind}: ${reason}`)));
      onListening();
    } else if (monotonicMs() < deadlineMs) setTimer(deviceRetryMs, attempt);
    else lose(`${kind}: no such device within ${deviceDeadlineMs} ms`);
  };
  attempt();
}

/** Without its carrier the guest is of no use to anybody. */
function lose(reason: string): void {
  write(stderr, `runv-agent: carrier lost: ${reason}\n`);
  endMachine();
}
