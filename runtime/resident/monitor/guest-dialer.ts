/** How the monitor reaches ports of its guest. */
export interface GuestDialer {
  /** 0 when the carrier has no CID on this host. */
  readonly cid: number;
  /** What the VMM gets of it: /dev/vhost-vsock, or its end of a byte stream; null: nothing. */
  readonly vmmFd: number | null;
  /** @returns a non-blocking socket; null when the guest does not listen (yet). */
  dial(port: number, deadlineMs: number): Promise<number | null>;
  /** Closes `vmmFd`: from then on the VMM alone has it. */
  handOver(): void;
}
