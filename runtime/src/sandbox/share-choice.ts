import { RunvError } from "@runv/protocol/errors";
import type { HypervisorName, RootfsChoice, VolumesChoice } from "../config/choices.ts";
import { hypervisors } from "../hypervisor/registry.ts";
import { chosenKernel, type GuestChoice } from "../kernel/guest.ts";
import { canMountShare } from "../kernel/kernel-config.ts";
import type { ProgramPaths } from "../shared/installation.ts";
import { type ShareDriver, shareDrivers } from "../shared/share.ts";
import type { RootfsDriverName } from "../storage/rootfs-driver.ts";

/** What decides how directories can be shared: the host's programs and the guest's kernel. */
export interface ShareHost {
  readonly hypervisor: HypervisorName;
  readonly programs: ProgramPaths;
  readonly guest: GuestChoice;
  readonly signal: AbortSignal;
}

/**
 * How a root file system that is a directory gets in. `auto` takes only what host and guest are known to have, and what is not known to damage
 * files: a root file system can do without what a share gives.
 * @throws RunvError "unavailable" for a driver that was named and cannot be had
 */
export async function chooseRootfs(wanted: RootfsChoice, host: ShareHost): Promise<RootfsDriverName> {
  if (wanted === "auto") return (await firstSoundShare(host)) ?? "stream";
  return wanted === "stream" || wanted === "block" ? wanted : required(wanted, "rootfs", host);
}

/** One share a virtual machine: bind mounts go where the rootfs is. */
export async function chooseShare(
  rootfs: RootfsDriverName,
  volumes: VolumesChoice,
  request: { readonly hasBinds: boolean; readonly host: ShareHost },
): Promise<ShareDriver | null> {
  const { hasBinds, host } = request;
  const ofRootfs = shareDrivers.find((name) => name === rootfs);
  if (ofRootfs !== undefined) {
    if (hasBinds && !["auto", "copy", ofRootfs].includes(volumes))
      throw new RunvError(
        "invalid-argument",
        `volumes: ${volumes}: the root file system is shared by ${rootfs}, and a virtual machine has one share: use auto, copy or ${rootfs}`,
      );
    return ofRootfs;
  }
  if (!hasBinds || volumes === "copy") return null;
  return volumes === "auto" ? firstShare(host) : required(volumes, "volumes", host);
}

async function firstShare(host: ShareHost): Promise<ShareDriver | null> {
  for (const driver of shareDrivers) if (await isThere(driver, host)) return driver;
  return null;
}

async function firstSoundShare(host: ShareHost): Promise<ShareDriver | null> {
  for (const driver of shareDrivers)
    if (
      (await isThere(driver, host)) &&
      (await hypervisors[host.hypervisor].shareFlaw(driver, host)) === null
    )
      return driver;
  return null;
}

/** A guest kernel that says nothing of itself is not trusted with a share. */
async function isThere(driver: ShareDriver, host: ShareHost): Promise<boolean> {
  return inKernel(driver, host) === true && (await problemOf(driver, host)) === null;
}

/** @throws RunvError "unavailable" when host or guest do not have it */
async function required(driver: ShareDriver, what: string, host: ShareHost): Promise<ShareDriver> {
  const problem =
    inKernel(driver, host) === false
      ? "the guest kernel was built without it"
      : await problemOf(driver, host);
  if (problem !== null) throw new RunvError("unavailable", `${what}: ${driver}: ${problem}`);
  return driver;
}

function inKernel(driver: ShareDriver, { guest }: ShareHost): boolean | null {
  return canMountShare(chosenKernel(guest), driver);
}

async function problemOf(driver: ShareDriver, host: ShareHost) {
  return hypervisors[host.hypervisor].shareProblem(driver, host);
}
