import type { ConfinedRoot } from "../../../resident/contract/monitor.ts";

type Bind = ConfinedRoot["binds"][number];

/**
 * What a dynamically linked program of the distribution needs to start: the loader, libraries and QEMU's own firmware. No
 * configuration, no state, nothing of the user's.
 */
const libraries: readonly Bind[] = [
  ...["/usr/lib", "/usr/lib64"].map((path) => ({
    source: path,
    target: path,
    readonly: true,
    optional: path !== "/usr/lib",
  })),
  { source: "/etc/ld.so.cache", target: "/etc/ld.so.cache", readonly: true, optional: true },
];

const devices: ConfinedRoot["devices"] = [
  { path: "/dev/null", major: 1, minor: 3 },
  { path: "/dev/urandom", major: 1, minor: 9 },
];

/** The root of a confined process: libraries, null and urandom, and what it needs besides. */
export function confinedRoot(own: {
  readonly binds: readonly Bind[];
  readonly devices: ConfinedRoot["devices"];
}): ConfinedRoot {
  return {
    binds: [...libraries, ...own.binds],
    devices: [...devices, ...own.devices],
    links: [
      { path: "/lib", target: "usr/lib" },
      { path: "/lib64", target: "usr/lib64" },
    ],
    directories: ["/tmp"],
    shares: [],
    proc: false,
  };
}

/** Users of confined processes are this plus the pid of their monitor: above every id that a distribution hands out. */
export const firstConfinedUser = 1_879_048_192;
