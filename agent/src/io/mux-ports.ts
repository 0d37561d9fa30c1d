import {
  bulkPort,
  controlPort,
  processIoPort,
  type StreamCarrier,
  streamCarrierProperties,
} from "@runv/protocol";
import { type Fd, type Mux, mux } from "../linux/sys.ts";
import { handOver, type Port, type Ports } from "./port.ts";

/**
 * The agent's ports on a carrier that is one byte stream. It owns the descriptor.
 * @param onBroken the host is gone, or breaks protocol: nobody reaches the agent any more
 */
export function openMuxPorts(
  carrier: { readonly kind: StreamCarrier; readonly device: Fd },
  onBroken: (reason: string) => void,
): Ports {
  const link = mux(
    carrier.device,
    { dialer: false, session: 0, ...streamCarrierProperties[carrier.kind] },
    onBroken,
  );
  return { control: port(link, controlPort), io: port(link, processIoPort), bulk: port(link, bulkPort) };
}

function port(link: Mux, number: number): Port {
  return { serve: (onConnection) => link.listen(number, (connection) => handOver(connection, onConnection)) };
}
