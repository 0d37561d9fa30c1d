import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { listeningMark } from "@runv/protocol";
import { exitOf, type GuestCarrier, guestCarrier } from "./guest-carrier.ts";

const repositoryRoot = path.resolve(import.meta.dirname, "../..");
/** The guest's kernel and initramfs; RUNV_GUEST_DIR as runv itself has it. */
const guestDirectory = process.env["RUNV_GUEST_DIR"] ?? path.join(repositoryRoot, "dist/guest");

const readyDeadlineMs = 60_000;
const retryMs = 20;
const memoryMib = 256;
const firstGuestCid = 3;

/** A bare guest: the kernel and the agent on an emulated machine, without the runtime. */
export interface Guest {
  /** A stream to a port of the guest. */
  dial(port: number): Promise<Socket>;
  /** Lets the guest reach a port of the host, where nobody ever answers; until the server is closed. */
  offer: GuestCarrier["offer"];
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
  const consoleFile = path.join(directory, "console");
  const carrier = await guestCarrier(directory, cid);
  const machine = spawn(
    "qemu-system-x86_64",
    [...machineArguments(consoleFile), ...carrier.argv, ...diskArguments(disk)],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const ended = exitOf(machine);
  return {
    dial: async (port) => {
      await waitForMark(consoleFile);
      return dialUntil(carrier, port);
    },
    offer: async (port) => carrier.offer(port),
    console: () => readFileSync(consoleFile, "utf8"),
    ended,
    stop: async () => {
      machine.kill("SIGKILL");
      await Promise.all([ended, carrier.stop()]);
      rmSync(directory, { recursive: true });
    },
  };
}

function machineArguments(consoleFile: string): string[] {
  const { machine, processor, parameters } = accelerated();
  const commandLine = `quiet reboot=t panic=-1 console=ttyS0 pci=off no_timer_check ${parameters}`;
  return [
    ...["-M", `microvm,acpi=off,memory-backend=mem,${machine}`, "-cpu", processor, "-m", String(memoryMib)],
    ...["-object", `memory-backend-memfd,id=mem,size=${memoryMib}M,share=on`],
    ...["-kernel", path.join(guestDirectory, "vmlinux"), "-append", commandLine],
    ...["-initrd", path.join(guestDirectory, "initramfs.cpio")],
    ...["-no-reboot", "-nodefaults", "-no-user-config", "-display", "none", "-serial", `file:${consoleFile}`],
  ];
}

/** Emulated, unless the tests are told to use KVM. */
function accelerated(): { machine: string; processor: string; parameters: string } {
  if (process.env["RUNV_ACCEL"] === "kvm")
    return { machine: "accel=kvm,pit=off,pic=off,rtc=off", processor: "host", parameters: "" };
  const [, mhz = 0] = /MHz\s*:\s*([\d.]+)/.exec(readFileSync("/proc/cpuinfo", "utf8")) ?? [];
  const parameters = `tsc_early_khz=${Math.round(Number(mhz) * 1000)} nolapic_timer`;
  return { machine: "accel=tcg,rtc=on", processor: "max", parameters };
}

function diskArguments(disk: string | undefined): string[] {
  if (disk === undefined) return [];
  return ["-drive", `if=none,id=disk,format=raw,file=${disk}`, "-device", "virtio-blk-device,drive=disk"];
}

/** A host that dials while the guest's driver sets up its queues can cost vhost-device-vsock 0.3 its worker thread. */
async function waitForMark(consoleFile: string): Promise<void> {
  const end = Date.now() + readyDeadlineMs;
  while (!existsSync(consoleFile) || !readFileSync(consoleFile, "utf8").includes(listeningMark)) {
    if (Date.now() > end) throw new Error(`the guest does not listen within ${readyDeadlineMs} ms`);
    await sleep(retryMs);
  }
}

async function dialUntil(carrier: GuestCarrier, port: number): Promise<Socket> {
  const end = Date.now() + readyDeadlineMs;
  for (;;) {
    const socket = await carrier.dial(port);
    if (socket !== null) return socket;
    if (Date.now() > end) throw new Error(`guest port ${port} does not answer within ${readyDeadlineMs} ms`);
    await sleep(retryMs);
  }
}

async function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, delayMs));
}
