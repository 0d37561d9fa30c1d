import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { listeningMark } from "@runv/protocol";
import { dial, VsockError } from "vsock";
import { vsockEnvironment } from "../../scripts/lib/vsock-environment.mjs";

const repositoryRoot = path.resolve(import.meta.dirname, "../..");
/** The guest's kernel and initramfs; RUNV_GUEST_DIR as runv itself has it. */
const guestDirectory = process.env["RUNV_GUEST_DIR"] ?? path.join(repositoryRoot, "dist/guest");

const readyDeadlineMs = 60_000;
const retryMs = 20;
/** What is sent to a guest that is not up yet may never be answered. */
const tryMs = 1_000;
const memoryMib = 256;
const firstGuestCid = 3;

/** A bare guest: the kernel and the agent on an emulated machine, without the runtime. */
export interface Guest {
  /** A stream to a port of the guest. */
  dial(port: number): Promise<Socket>;
  /** Lets the guest reach a port of the host, where nobody ever answers; until the server is closed. */
  offer(port: number): Promise<Server>;
  /** What the guest wrote to its console. */
  console(): string;
  /** Resolves when the VM has ended by itself. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

export interface GuestOptions {
  /** A raw image that becomes /dev/vda. */
  readonly disk?: string;
  /** Context id; the guests of a test may have the same, for each has a carrier of its own. */
  readonly cid?: number;
}

/** Boots a guest; it may not be reachable yet: `dial` waits until its agent listens. */
export async function bootGuest({ disk, cid = firstGuestCid }: GuestOptions = {}): Promise<Guest> {
  const directory = mkdtempSync(path.join(tmpdir(), "runv-guest-"));
  const [vhostSocket, portsSocket] = [path.join(directory, "vhost"), path.join(directory, "ports")];
  const consoleFile = path.join(directory, "console");
  const device = spawn(
    "vhost-device-vsock",
    ["--vm", `guest-cid=${cid},socket=${vhostSocket},uds-path=${portsSocket}`],
    { env: vsockEnvironment(), stdio: "ignore" },
  );
  await waitForFile(vhostSocket);
  const machine = spawn(
    "qemu-system-x86_64",
    [...machineArguments(vhostSocket, consoleFile), ...diskArguments(disk)],
    {
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  const ended = exitOf(machine);
  return {
    dial: async (port) => {
      await waitForMark(consoleFile);
      return dialUntil(portsSocket, port);
    },
    offer: async (port) => {
      const server = createServer();
      server.listen(`${portsSocket}_${port}`);
      await once(server, "listening");
      return server;
    },
    console: () => readFileSync(consoleFile, "utf8"),
    ended,
    stop: async () => {
      machine.kill("SIGKILL");
      device.kill("SIGKILL");
      await Promise.all([ended, exitOf(device)]);
      rmSync(directory, { recursive: true });
    },
  };
}

function machineArguments(vhostSocket: string, consoleFile: string): string[] {
  const khz = Math.round(
    Number(/MHz\s*:\s*([\d.]+)/.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? 0) * 1000,
  );
  const timers = `tsc_early_khz=${khz} nolapic_timer no_timer_check`;
  const commandLine = `quiet reboot=t panic=-1 console=ttyS0 pci=off ${timers}`;
  return [
    ...["-M", "microvm,accel=tcg,acpi=off,rtc=on,memory-backend=mem", "-cpu", "max", "-m", String(memoryMib)],
    ...["-object", `memory-backend-memfd,id=mem,size=${memoryMib}M,share=on`],
    ...["-chardev", `socket,id=vu,path=${vhostSocket}`, "-device", "vhost-user-vsock-device,chardev=vu"],
    ...["-kernel", path.join(guestDirectory, "vmlinux"), "-append", commandLine],
    ...["-initrd", path.join(guestDirectory, "initramfs.cpio")],
    ...["-no-reboot", "-nodefaults", "-no-user-config", "-display", "none", "-serial", `file:${consoleFile}`],
  ];
}

function diskArguments(disk: string | undefined): string[] {
  if (disk === undefined) return [];
  return ["-drive", `if=none,id=disk,format=raw,file=${disk}`, "-device", "virtio-blk-device,drive=disk"];
}

async function exitOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once("exit", () => resolve());
  });
}

async function waitForFile(file: string): Promise<void> {
  const end = Date.now() + readyDeadlineMs;
  while (!existsSync(file)) {
    if (Date.now() > end) throw new Error(`no ${file} within ${readyDeadlineMs} ms`);
    await sleep(retryMs);
  }
}

/** A host that dials while the guest's driver sets up its queues can cost vhost-device-vsock 0.3 its worker thread. */
async function waitForMark(consoleFile: string): Promise<void> {
  const end = Date.now() + readyDeadlineMs;
  while (!existsSync(consoleFile) || !readFileSync(consoleFile, "utf8").includes(listeningMark)) {
    if (Date.now() > end) throw new Error(`the guest does not listen within ${readyDeadlineMs} ms`);
    await sleep(retryMs);
  }
}

async function dialUntil(portsSocket: string, port: number): Promise<Socket> {
  const end = Date.now() + readyDeadlineMs;
  for (;;) {
    const socket = await dialOnce(portsSocket, port);
    if (socket !== null) return socket;
    if (Date.now() > end) throw new Error(`guest port ${port} does not answer within ${readyDeadlineMs} ms`);
    await sleep(retryMs);
  }
}

/** One try: null when the guest does not listen (yet). */
async function dialOnce(portsSocket: string, port: number): Promise<Socket | null> {
  try {
    return await dial({ socketPath: portsSocket, port, timeoutMs: tryMs });
  } catch (error) {
    if (error instanceof VsockError) return null;
    throw error;
  }
}

async function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, delayMs));
}
