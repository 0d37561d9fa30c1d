/** As `runv check` finds it in an initramfs. */
const mark = "runv-agent version 0.1.0";

/** Reported to the host; the protocol version decides whether the two fit. */
export const agentVersion = mark.slice(mark.lastIndexOf(" ") + 1);
