/** Mount options that are flags to the kernel (runtime-spec: config.md, "Linux mount options"; mount(8)). */
export const mountFlagOptions = [
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
  "relatime",
  "ro",
  "rw",
  "silent",
  "strictatime",
  "suid",
  "sync",
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
export const bindOptions: readonly string[] = ["bind", "rbind", "rro", "rnosuid", "rnodev", "rnoexec"];

/** Propagation from a bind mount back to where it comes from. */
export const hostSharingOptions: ReadonlySet<string> = new Set(["shared", "rshared"]);

/** Options with a meaning in runtime-spec that runv does not give them, or to bind mounts only; passed on they would be taken for data. */
export const unsupportedMountOptions: ReadonlySet<string> = new Set([
  "bind",
  "idmap",
  "nosymfollow",
  "ratime",
  "rbind",
  "rdev",
  "rdiratime",
  "remount",
  "rexec",
  "ridmap",
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
  "symfollow",
  "tmpcopyup",
]);
