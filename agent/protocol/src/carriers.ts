/** Kernel command line parameter by which the host tells what carries the ports; without a dot, so that the kernel hands it to PID 1. */
export const carrierParameter = "runv_carrier";

/** Carriers that are one byte stream, over which the multiplexer carries the ports (README.md). Without the parameter it is vsock. */
export const streamCarriers = ["virtio-serial", "isa-serial"] as const;
export type StreamCarrier = (typeof streamCarriers)[number];

/** Name of the virtio-serial port: /sys/class/virtio-ports/<device>/name. */
export const virtioPortName = "runv.carrier";

interface StreamCarrierProperties {
  /** It neither loses nor changes bytes: they are memory that host and guest share, with nobody else on the line. */
  readonly reliable: boolean;
  /** Bytes that may be under way before the other side, or a reliable carrier, has confirmed any. */
  readonly windowBytes: number;
  /** Longest frame that is sent, header and checksum included. */
  readonly frameBytes: number;
}

/**
 * Both ends go by them. The ISA port takes a byte at a time: long frames would hold up short ones, and what the guest's driver has not
 * read yet must fit into its buffer (64 KiB on Linux 2.6.32).
 */
export const streamCarrierProperties: Readonly<Record<StreamCarrier, StreamCarrierProperties>> = {
  "virtio-serial": { reliable: true, windowBytes: 262_144, frameBytes: 32_768 },
  "isa-serial": { reliable: false, windowBytes: 16_384, frameBytes: 1024 },
};
