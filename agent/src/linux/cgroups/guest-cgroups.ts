import { RunvError } from "@runv/protocol";
import { MS_NODEV, MS_NOEXEC, MS_NOSUID } from "../mount-options.ts";
import type { Cgroups } from "./cgroup.ts";
import { VersionOneCgroups } from "./version-one.ts";
import { VersionTwoCgroups } from "./version-two.ts";

const flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

/** Mounts the guest's control groups, once. @param version 1 or 2; 0: 2 */
export function mountCgroups(version: number): Cgroups {
  if (version === 1) return new VersionOneCgroups(flags);
  if (version === 0 || version === 2) return new VersionTwoCgroups(flags);
  throw new RunvError("invalid-argument", `there are no control groups of version ${version}`);
}
