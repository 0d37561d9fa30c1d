import { tolerate } from "./linux/errno.ts";
import { MS_MOVE, MS_NODEV, MS_NOEXEC, MS_NOSUID } from "./linux/mount-options.ts";
import { CLONE_FS } from "./linux/namespaces.ts";
import { O_RDONLY } from "./linux/open-flags.ts";
import { raiseOpenFiles } from "./linux/rlimits.ts";
import { chdir, chroot, close, fchdir, mkdir, mount, open, prctl, unshare, writeFile } from "./linux/sys.ts";

const PR_SET_DUMPABLE = 4;
const emptyDirectory = "/empty";
const neverKilled = "-1000";
const systemFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

/** The agent's own file systems, in this order, below the root it makes. Control groups come when the host has said of which version. */
const mounts = [
  { type: "proc", target: "/proc", flags: systemFlags, data: "" },
  { type: "sysfs", target: "/sys", flags: systemFlags, data: "" },
  { type: "devtmpfs", target: "/dev", flags: MS_NOSUID | MS_NOEXEC, data: "mode=0755" },
] as const;

/** Descriptors 0 to 2 must be taken, whatever the kernel gave us, or a socket of ours becomes a child's stdin. */
export function occupyStdio(): void {
  let fd = open("/", O_RDONLY);
  while (fd <= 2) fd = open("/", O_RDONLY);
  close(fd);
}

/**
 * Mounts what the agent needs on a tmpfs that takes the initramfs's place: pivot_root(2) and bind mounts of containers are
 * refused on the kernel's first root.
 */
export function prepareRoot(): void {
  const root = "/root";
  tolerate(["EEXIST"], () => mkdir(root, 0o700));
  mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m");
  for (const { type, target, flags, data } of mounts) {
    tolerate(["EEXIST"], () => mkdir(root + target, 0o755));
    mount(type, root + target, type, flags, data);
  }
  chdir(root);
  mount(".", "/", "", MS_MOVE, "");
  chroot(".");
  chdir("/");
}

/**
 * A program that the kernel itself starts (kernel.core_pattern, say, which a container with CAP_SYS_ADMIN can set) runs as root
 * outside every container, with the root of kernel threads. That root is the one that PID 1 has, until it takes one of its own
 * (unshare(2)): theirs becomes an empty directory, where there is no program.
 */
export function leaveKernelNothingToRun(): void {
  const root = open("/", O_RDONLY);
  mkdir(emptyDirectory, 0);
  chroot(emptyDirectory);
  chdir("/");
  unshare(CLONE_FS);
  fchdir(root);
  chroot(".");
  close(root);
}

/** No container starves the agent of memory or descriptors, or reads it through /proc. */
export function protectSelf(): void {
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  writeFile("/proc/self/oom_score_adj", neverKilled);
  raiseOpenFiles();
}
