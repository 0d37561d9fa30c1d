import { existsSync } from "node:fs";
import path from "node:path";
import { debianPackage } from "../../../scripts/lib/debian-package.mjs";

/** Below it cgroup v2 hangs beside the hierarchies of v1: crun refuses such a host. */
const hybridTree = "/sys/fs/cgroup/unified";
const withCgroup2Alone = 'mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"';
const inOwnMounts = ["unshare", "--mount", "--propagation", "private", "sh", "-c", withCgroup2Alone, "sh"];

/** Debian 12's crun is too old for `features` and for device rules where RLIMIT_MEMLOCK is fixed: a later suite's, with its libc. */
export function crunCommand(): [string, ...string[]] {
  const libraries = path.join(debianPackage("binary", "libc6"), "root/usr/lib/x86_64-linux-gnu");
  const program = path.join(debianPackage("binary", "crun"), "root/usr/bin/crun");
  const loader = path.join(libraries, "ld-linux-x86-64.so.2");
  const [first = loader, ...rest] = [
    ...(existsSync(hybridTree) ? inOwnMounts : []),
    ...[loader, "--library-path", libraries, program],
  ];
  return [first, ...rest];
}
