/** What a virtual machine gets when nothing else is asked for. */
export const defaultVcpuCount = 1;
export const defaultMemoryMib = 256;
/** What `update` can give a running machine besides. The memory is part of a file that the VMM may write: with more than this its bound would be above that of the scratch disk. */
export const defaultSpareMemoryMib = 8192;
export const defaultSpareVcpuCount = 3;
/** Less is not enough for the guest kernel and the agent. */
export const leastMemoryMib = 64;
/** Apparent size of the scratch disk; it is sparse. */
export const defaultScratchBytes = 10 * 1024 ** 3;
/** Where scratch disks live: a disk, not a tmpfs, because the guest may fill them. */
export const defaultScratchDirectory = "/var/lib/runv/scratch";

/** State of the containers, unless `--root` names another directory. */
export const defaultStateRoot = "/run/runv/state";
/** Parent of the VM directories. Short: a path of AF_UNIX ends at 107 bytes (unix(7)), and callers' roots are longer. */
export const vmDirectoryParent = "/run/runv/vm";
/** Names of what users have been told, until the host is booted again. */
export const noticesDirectory = "/run/runv/notices";
