import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import path from "node:path";
import type { Duplex } from "node:stream";
import { controlPort } from "@runv/protocol";
import type { CarrierChoice } from "../../../runtime/src/config/choices.ts";
import { planLaunch } from "../../../runtime/src/hypervisor/qemu/driver.ts";
import { kernelImage } from "../../../runtime/src/kernel/image.ts";
import { noSpare } from "../../../runtime/src/sandbox/spare-size.ts";
import { defaultMemoryMib, defaultVcpuCount } from "../../../runtime/src/shared/defaults.ts";
import { dial } from "../../../runtime/vsock/src/index.ts";
import { initramfsOf, vmlinux } from "./bare-guest.ts";
import { dist, repository } from "./paths.ts";

const dialTimeoutMs = 30_000;
const dialTries = 5;

/** The initramfs of the guest that talks over runv's carriers. */
export function carriedInitramfs(directory: string): string {
  const program = path.join(directory, "carried");
  const entry = path.join(import.meta.dirname, "carried-program.ts");
  execFileSync("node", [
    path.join(repository, "scripts/build-native.mjs"),
    "--entry",
    entry,
    "--output",
    program,
  ]);
  return initramfsOf(program, path.join(directory, "carried.cpio"));
}

/** runv's own monitor and virtual machine, with another program than the agent in the guest. @returns a connection to it, and how to end all */
export async function carriedStream(
  initramfs: string,
  carrier: CarrierChoice,
  machine: "microvm" | "q35",
): Promise<{ socket: Socket; stop: () => Promise<void> }> {
  const directory = mkdtempSync("/run/runv-bench-");
  const { monitor: spec } = planLaunch({
    directory,
    vcpuCount: defaultVcpuCount,
    memoryMib: defaultMemoryMib,
    spare: noSpare,
    accel: "tcg",
    machine,
    carrier,
    programs: {},
    hypervisorParameters: [],
    guest: { vmlinux, image: kernelImage(vmlinux), initramfs, kernelParameters: [] },
    disks: [],
    share: null,
    oomScoreAdj: 0,
    cgroups: [],
    rollback: { trees: [], cgroups: [] },
  });
  for (const owned of spec.ownedDirectories) mkdirSync(owned, { mode: 0o700 });
  const monitor = spawn(path.join(dist, "runv-monitor"), [], {
    stdio: ["ignore", "ignore", "inherit", "pipe"],
    detached: true,
    env: {},
  });
  const control = monitor.stdio[3] as Duplex;
  control.write(`${JSON.stringify(spec)}\n`);
  const [event] = (await once(control, "data")) as [Buffer];
  if (!event.toString().includes('"launched"')) throw new Error(event.toString());
  const socket = await dialPatiently(spec.sockets.vsock);
  return {
    socket,
    stop: async () => {
      socket.destroy();
      control.destroy();
      await once(monitor, "exit");
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The guest may still be booting. */
async function dialPatiently(socketPath: string): Promise<Socket> {
  const deadline = Date.now() + dialTimeoutMs;
  for (;;) {
    try {
      const socket = await dial({ socketPath, port: controlPort, timeoutMs: dialTimeoutMs / dialTries });
      socket.resume();
      return socket;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}
