import { existsSync } from "node:fs";
import { RunvError } from "@runv/protocol/errors";

/** sd_booted(3). */
const bootedMark = "/run/systemd/system";
const pathForm = /^[^/:]*:[^/:]*:[^/:]+$/;

/**
 * Why a container cannot be placed by systemd, in runc's words where runc cannot either.
 * @param cgroupsPath `linux.cgroupsPath`; empty: the runtime's choice
 * @returns "unavailable" where no systemd runs, "invalid-argument" for another form, "unsupported" otherwise
 */
export function systemdProblem(cgroupsPath: string, mark = bootedMark): RunvError {
  if (!existsSync(mark))
    return new RunvError(
      "unavailable",
      "systemd not running on this host, cannot use systemd cgroups manager (leave out --systemd-cgroup)",
    );
  if (cgroupsPath !== "" && !pathForm.test(cgroupsPath))
    return new RunvError(
      "invalid-argument",
      `config.json: linux.cgroupsPath: expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, got ${JSON.stringify(cgroupsPath)} instead`,
    );
  return new RunvError(
    "unsupported",
    "config.json: linux.cgroupsPath: placing containers through systemd is not supported yet (leave out --systemd-cgroup, and name a path)",
  );
}
