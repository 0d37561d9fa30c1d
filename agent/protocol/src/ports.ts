/** The vsock ports on which the agent listens (README.md). */
export const controlPort = 1024;
export const processIoPort = 1025;
export const bulkPort = 1026;

/** The only peer that the agent accepts: VMADDR_CID_HOST of vsock(7). */
export const hostCid = 2;

/** Both sides must have the same; raised with every change that an older side could not understand. */
export const protocolVersion = 4;

/** What the agent writes to the guest's console once it listens on all of them. */
export const listeningMark = "runv-agent: listening";
