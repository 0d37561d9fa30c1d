/** open(2). */
export const open = {
  readOnly: 0,
  writeOnly: 1,
  readWrite: 2,
  accessMode: 3,
  create: 0o100,
  truncate: 0o1000,
  append: 0o2000,
  nofollow: 0o400000,
  path: 0o10000000,
} as const;

/** st_mode of inode(7). */
export const fileType = {
  mask: 0o170000,
  fifo: 0o010000,
  directory: 0o040000,
  regular: 0o100000,
  character: 0o020000,
  block: 0o060000,
  socket: 0o140000,
} as const;

/** mount(2) and umount2(2). */
export const mountFlag = {
  readonly: 1,
  nosuid: 2,
  nodev: 4,
  noexec: 8,
  remount: 32,
  bind: 4096,
  recursive: 16384,
  private: 1 << 18,
  slave: 1 << 19,
} as const;
/** mount_setattr(2): MOUNT_ATTR_*. */
export const mountAttribute = { readonly: 1, nosuid: 2, nodev: 4, noexec: 8 } as const;
export const umountDetach = 2;

/** clone(2), unshare(2), setns(2). */
export const namespace = {
  mount: 0x00020000,
  uts: 0x04000000,
  ipc: 0x08000000,
  pid: 0x20000000,
  network: 0x40000000,
} as const;

/** prctl(2). */
export const prctl = {
  setParentDeathSignal: 1,
  keepCapabilities: 8,
  dropBoundingCapability: 24,
  setNoNewPrivileges: 38,
  ambientCapability: 47,
} as const;
export const ambientRaise = 2;

/** setrlimit(2): RLIMIT_FSIZE, RLIMIT_CORE. */
export const fileSizeLimit = 1;
export const coreSizeLimit = 4;

/** waitpid(2): WNOHANG. */
export const waitNoHang = 1;

/** socket(7): SO_TYPE is SOCK_STREAM. */
export const streamSocket = 1;

/** shutdown(2): SHUT_WR. */
export const shutdownWrite = 1;

/** epoll(7). */
export const event = { readable: 1, writable: 4, error: 8, hangUp: 16 } as const;
