/** Kernel command line parameter by which the host tells what carries the ports; without a dot, so that the kernel hands it to PID 1. */
export const carrierParameter = "runv_carrier";

/** Carriers that are one byte stream, over which the multiplexer carries the ports (README.md). Without the parameter it is vsock. */
export const streamCarriers = ["virtio-serial", "isa-serial"] as const;
export type StreamCarrier = (typeof streamCarriers)[number];

/** Name of the virtio-serial port: /sys/class/virtio-ports/<device>/name. */
export const virtioPortName = "runv.carrier";

interface StreamCarrierLimits {
  /** Bytes that may be under way before the other side has confirmed any. */
  readonly windowBytes: number;
  /** Longest frame that is sent, header and checksum included. */
  readonly frameBytes: number;
}

/**
 * Both ends go by them. The ISA port takes a byte at a time: long frames would hold up short ones, and what the guest's driver has not
 * read yet must fit into its buffer (64 KiB on Linux 2.6.32).
 */
export const streamCarrierLimits: Readonly<Record<StreamCarrier, StreamCarrierLimits>> = {
  "virtio-serial": { windowBytes: 262_144, frameBytes: 32_768 },
  "isa-serial": { windowBytes: 16_384, frameBytes: 1024 },
};
