/** Mount options that are flags to the kernel (runtime-spec: config.md, "Linux mount options"; mount(8)). */
export const mountFlagOptions = [
  "acl",
  "async",
  "atime",
  "defaults",
  "dev",
  "diratime",
  "dirsync",
  "exec",
  "iversion",
  "lazytime",
  "loud",
  "mand",
  "noacl",
  "noatime",
  "nodev",
  "nodiratime",
  "noexec",
  "noiversion",
  "nolazytime",
  "nomand",
  "norelatime",
  "nostrictatime",
  "nosuid",
  "nosymfollow",
  "relatime",
  "remount",
  "ro",
  "rw",
  "silent",
  "strictatime",
  "suid",
  "symfollow",
  "sync",
  "tmpcopyup",
] as const;

/** How mounts spread to and from other mount namespaces (mount_namespaces(7)). */
export const propagationOptions = [
  "private",
  "rprivate",
  "rshared",
  "rslave",
  "runbindable",
  "shared",
  "slave",
  "unbindable",
] as const;

/** What only bind mounts know. */
export const bindOptions: readonly string[] = ["bind", "rbind", "idmap", "ridmap"];

/** What also holds for what is mounted below: mount_setattr(2). */
export const recursiveOptions = [
  "ratime",
  "rdev",
  "rdiratime",
  "rexec",
  "rnoatime",
  "rnodev",
  "rnodiratime",
  "rnoexec",
  "rnorelatime",
  "rnostrictatime",
  "rnosuid",
  "rnosymfollow",
  "rrelatime",
  "rro",
  "rrw",
  "rstrictatime",
  "rsuid",
  "rsymfollow",
] as const;

/** Propagation from a bind mount back to where it comes from. */
export const hostSharingOptions: ReadonlySet<string> = new Set(["shared", "rshared"]);
