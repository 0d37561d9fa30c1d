/** Bounds on what comes from outside and on every wait. The name says the unit. */

/** runc reads any size; the biggest config.json seen in practice is well below 1 MiB. */
export const maxConfigBytes = 4 * 1024 ** 2;
/** Configuration files of runv's own are a few KiB. */
export const maxSettingsBytes = 256 * 1024;
export const maxStateBytes = 16 * 1024 ** 2;
export const maxJsonDepth = 64;
/** Length of a container id (libcontainer sets none; a name in a directory has at most 255 bytes). */
export const maxContainerIdBytes = 255;

/** The writer of a document that comes through a pipe must be done in this time. */
export const documentTimeoutMs = 30_000;
/** From the launch of the VMM to the agent's first answer: under emulation on a loaded host with 20 boots at once. The configuration's boot_timeout_ms overrides it. */
export const defaultBootTimeoutMs = 120_000;
/** One try to reach the agent, and the pause before the next. */
export const agentConnectTimeoutMs = 5_000;
export const agentRetryIntervalMs = 10;
/** A call to the agent that only changes something small in the guest. */
export const agentCallTimeoutMs = 30_000;
/** One that may add memory to the guest, block by block, and take some from its container; the agent gives up a little earlier. */
export const updateTimeoutMs = 60_000;
/** A question to the agent of a verb that only looks. */
export const guestQuestionTimeoutMs = 2_000;
/** The hand-over of a rootfs may take long; it must never take for ever. */
export const rootfsHandoverTimeoutMs = 1_800_000;
/** From the spawn of the monitor or proxy to its first word. */
export const residentReadyTimeoutMs = 60_000;
/** From a signal that ends a VM or a proxy to its end. */
export const terminationTimeoutMs = 10_000;
/** While another verb works on the same container. Longer than any single step under the lock. */
export const stateLockTimeoutMs = 90_000;
export const stateLockRetryMs = 2;
/** How often a `start` looks whether it is still wanted, while its poststart hooks run. */
export const starterWatchIntervalMs = 50;
/** Hooks have the timeouts that config.json gives them; this bounds those without. */
export const hookRunTimeoutMs = 86_400_000;
/** poststop hooks of a `create` that failed, which may have been asked to end. */
export const rollbackHooksTimeoutMs = 60_000;
/** A helper program such as mke2fs. */
export const helperTimeoutMs = 120_000;
