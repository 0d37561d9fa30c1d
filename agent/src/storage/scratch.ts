import { RunvError, type Scratch } from "@runv/protocol";
import { until, type Wait } from "../linux/deadline.ts";
import { step, stepError } from "../linux/errno.ts";
import { MS_NOATIME } from "../linux/mount-options.ts";
import { makeDirectories, statIfThere } from "../linux/paths.ts";
import { mount } from "../linux/sys.ts";

const scratchDirectory = "/scratch";
/** The driver makes the node; usually long before we ask. */
const deviceAppears: Wait = { intervalMs: 2, deadlineMs: 5_000 };

/** Nothing on the scratch outlives the VM: no barriers, no background work on its tables. */
const fileSystems: Readonly<Record<string, string>> = { ext4: "barrier=0,noauto_da_alloc,noinit_itable" };

/** Mounts the space that holds rootfs and changes. */
export async function mountScratch(scratch: Scratch | undefined): Promise<void> {
  const kind = scratch?.kind;
  if (kind === undefined) throw new RunvError("invalid-argument", "scratch is missing");
  makeDirectories(scratchDirectory);
  if (kind.$case === "tmpfs") mountTmpfs(kind.value.sizeBytes);
  else await mountBlock(kind.value.device, kind.value.filesystem);
}

function mountTmpfs(sizeBytes: number): void {
  const size = sizeBytes === 0 ? "50%" : String(sizeBytes);
  step("mount scratch tmpfs", () =>
    mount("tmpfs", scratchDirectory, "tmpfs", MS_NOATIME, `size=${size},mode=0755`),
  );
}

async function mountBlock(device: string, filesystem: string): Promise<void> {
  const options = Object.hasOwn(fileSystems, filesystem) ? fileSystems[filesystem] : undefined;
  if (options === undefined || !/^\/dev\/[\w-]+$/.test(device))
    throw new RunvError(
      "invalid-argument",
      `scratch ${device}: no such device or file system: "${filesystem}"`,
    );
  try {
    await until(() => statIfThere(device) !== null, `wait for scratch ${device}`, deviceAppears);
    mount(device, scratchDirectory, filesystem, MS_NOATIME, options);
  } catch (thrown) {
    throw stepError(`mount scratch ${device}`, thrown);
  }
}

/** All that belongs to one container. */
export function containerDirectory(id: string): string {
  return `${scratchDirectory}/containers/${id}`;
}

export function rootfsDirectory(id: string): string {
  return `${containerDirectory(id)}/rootfs`;
}

/** Device nodes of a container that cannot make its own. */
export function devicesDirectory(id: string): string {
  return `${containerDirectory(id)}/devices`;
}

/** What was unpacked for the container's mounts. */
export function copiesDirectory(id: string): string {
  return `${containerDirectory(id)}/copies`;
}
