/** Reported to the host; the protocol version decides whether the two fit. */
export const agentVersion = "0.1.0";
