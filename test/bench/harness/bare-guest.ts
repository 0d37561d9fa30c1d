import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { qemuArguments } from "../../../runtime/src/hypervisor/qemu/arguments.ts";
import { machineNamed } from "../../../runtime/src/hypervisor/qemu/machines.ts";
import { memoryLayout } from "../../../runtime/src/hypervisor/qemu/memory-layout.ts";
import { noSpare } from "../../../runtime/src/sandbox/spare-size.ts";
import {
  defaultMemoryMib,
  defaultScratchBytes,
  defaultVcpuCount,
} from "../../../runtime/src/shared/defaults.ts";
import { findProgram } from "../../../runtime/src/shared/installation.ts";
import { cpioArchive } from "../../../scripts/native/cpio.mjs";
import { toolchains } from "../../../scripts/native/toolchain.mjs";
import { dist } from "./paths.ts";

export const vmlinux = path.join(process.env["RUNV_GUEST_DIR"] ?? path.join(dist, "guest"), "vmlinux");
const executable = 0o755;
const bootTimeoutMs = 60_000;
const dialTimeoutMs = 10_000;
const pollMs = 1;
/** What the guest's program says on its console. */
const listeningMark = "bare guest: listening";

export const bareAccel = process.env["RUNV_ACCEL"] === "kvm" ? "kvm" : "tcg";
/** What `runv` has to be told to take the same. */
export function bareCarrier(): "vhost-vsock" | "vhost-user-vsock" {
  return existsSync("/dev/vhost-vsock") ? "vhost-vsock" : "vhost-user-vsock";
}

/** The same machine as runv's without runv: no monitor, no confinement, no agent. */
export class BareGuest {
  readonly #directory: string;
  /** null: the kernel has it. */
  readonly #device: ChildProcess | null;
  readonly #machine: ChildProcess;
  readonly ended: Promise<unknown>;

  private constructor(directory: string, device: ChildProcess | null, machine: ChildProcess) {
    this.#directory = directory;
    this.#device = device;
    this.#machine = machine;
    this.ended = once(machine, "exit");
  }

  /** @param initramfs made by `bareInitramfs`; `directory` is the caller's, and used by one guest at a time */
  static async boot(directory: string, initramfs: string, serve: boolean): Promise<BareGuest> {
    const file = (name: string): string => path.join(directory, name);
    const [control, ports] = [file("control.sock"), file("ports.sock")];
    for (const name of ["scratch", "console"]) writeFileSync(file(name), "");
    truncateSync(file("scratch"), defaultScratchBytes);
    const device = bareCarrier() === "vhost-vsock" ? null : startDevice(control, ports);
    if (device !== null) await until("the vsock device starts", () => existsSync(control));
    const [qemu = "", ...args] = bareCommand({
      directory,
      initramfs,
      machine: "microvm",
      carrierArgv:
        device === null
          ? ["-device", "vhost-vsock-device,guest-cid=3"]
          : [
              ...["-chardev", `socket,id=vsock,path=${control}`],
              ...["-device", "vhost-user-vsock-device,chardev=vsock"],
            ],
      programArguments: serve ? ["serve"] : [],
      disk: true,
    });
    // In a session of its own, as runv's is: the scheduler shares a loaded machine out between sessions.
    const machine = spawn(qemu, args, { stdio: ["ignore", "ignore", "inherit"], detached: true });
    return new BareGuest(directory, device, machine);
  }

  /** The VMM's. */
  get pid(): number {
    return this.#machine.pid ?? 0;
  }

  /**
   * A connection to a port of the guest, once it listens: vhost-device-vsock 0.3 can lose its worker thread when a host connects while
   * the guest's driver sets up its queues.
   */
  async dial(port: number): Promise<Socket> {
    if (this.#device === null) throw new Error("bare guest: only vhost-device-vsock is dialled here");
    const console = path.join(this.#directory, "console");
    await until("the guest listens", () => readFileSync(console, "utf8").includes(listeningMark));
    const socket = connect(path.join(this.#directory, "ports.sock"));
    socket.write(`CONNECT ${port}\n`);
    const [answer] = (await once(socket, "data", { signal: AbortSignal.timeout(dialTimeoutMs) })) as [Buffer];
    if (!answer.toString().startsWith("OK")) throw new Error(`bare guest: port ${port} refuses`);
    return socket;
  }

  async stop(): Promise<void> {
    this.#machine.kill("SIGKILL");
    this.#device?.kill("SIGKILL");
    await this.ended;
    if (this.#device?.exitCode === null && this.#device.signalCode === null) await once(this.#device, "exit");
    for (const name of ["control.sock", "ports.sock", "console", "scratch"])
      rmSync(path.join(this.#directory, name), { force: true });
  }
}

/** Builds the bare guest's one program. @returns the initramfs */
export async function bareInitramfs(directory: string): Promise<string> {
  const program = path.join(directory, "init");
  const musl = await toolchains.musl();
  const source = path.join(import.meta.dirname, "bare-init.c");
  execFileSync(musl.compiler, [...musl.compile, ...musl.link, "-s", "-o", program, source]);
  return initramfsOf(program, path.join(directory, "bare.cpio"));
}

/** Packs the program that is to be PID 1. @returns `initramfs` */
export function initramfsOf(program: string, initramfs: string): string {
  const device = [5, 1] as const;
  writeFileSync(
    initramfs,
    cpioArchive([
      { name: "dev", type: "directory", permissions: executable },
      { name: "dev/console", type: "character", permissions: 0o600, device },
      { name: "init", type: "file", permissions: executable, content: readFileSync(program) },
    ]),
  );
  return initramfs;
}

/** What a bare machine has besides processor and memory. */
export interface BareMachine {
  readonly directory: string;
  readonly initramfs: string;
  readonly machine: "microvm" | "q35";
  readonly carrierArgv: readonly string[];
  /** Arguments of the guest's program. */
  readonly programArguments: readonly string[];
  readonly disk: boolean;
}

/** runv's own arguments, with files in place of the descriptors that its monitor passes. */
export function bareCommand({ directory, initramfs, disk, ...bare }: BareMachine): string[] {
  const file = (name: string): string => path.join(directory, name);
  const machine = machineNamed(bare.machine);
  const argv = qemuArguments(
    {
      directory: "",
      vcpuCount: defaultVcpuCount,
      memoryMib: defaultMemoryMib,
      spare: noSpare,
      accel: bareAccel,
      machine: bare.machine,
      programs: {},
      hypervisorParameters: [],
      carrier: "auto",
      guest: {
        vmlinux: "",
        image: { release: "", virtioMmio: null },
        initramfs: "",
        kernelParameters: bare.programArguments,
      },
      disks: disk ? [{ descriptor: 0, sizeBytes: 0, format: "raw", readonly: false }] : [],
      share: null,
      cgroups: [],
      oomScoreAdj: 0,
      rollback: { trees: [], cgroups: [] },
    },
    {
      accel: bareAccel,
      machine,
      memory: memoryLayout({ memoryMib: defaultMemoryMib, spare: noSpare }, machine),
      moreArgv: bare.carrierArgv,
      moreKernelParameters: [],
    },
  );
  const replacements: readonly (readonly [RegExp, string])[] = [
    [/^\/guest\/vmlinux$/, vmlinux],
    [/^\/guest\/initramfs.cpio$/, initramfs],
    [/filename=\/dev\/fdset\/1/, `filename=${file("scratch")}`],
    [/^socket,id=console,fd=\{fd:console\}$/, `file,id=console,path=${file("console")}`],
    [/^socket,id=qmp,fd=\{fd:qmp\}/, `socket,id=qmp,path=${file("qmp.sock")}`],
    [/\{tscKhz\}/, `${tscKhz()}`],
  ];
  const own = argv.map((word) => replacements.reduce((text, [from, to]) => text.replace(from, to), word));
  const descriptor = own.indexOf("-add-fd");
  if (descriptor >= 0) own.splice(descriptor, 2);
  const open = own.find((word) => word.includes("{fd:"));
  if (open !== undefined) throw new Error(`bare guest: nothing to put for ${open}`);
  return own;
}

function tscKhz(): number {
  const megahertz = Number(/MHz\s*:\s*([\d.]+)/.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? 0);
  return Math.round(megahertz * 1000);
}

function startDevice(control: string, ports: string): ChildProcess {
  const program = findProgram("vhost-device-vsock", {});
  if (program === null) throw new Error("vhost-device-vsock is not installed");
  return spawn(program, ["--vm", `guest-cid=3,socket=${control},uds-path=${ports}`], { stdio: "ignore" });
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + bootTimeoutMs;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`bare guest: not within ${bootTimeoutMs} ms: ${what}`);
    await delay(pollMs);
  }
}
