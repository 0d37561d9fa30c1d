import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import { consoleName, diagnose } from "./diagnosis.ts";
import { heartbeatLine, OuterGuestStandsStill, standsStill } from "./heartbeat.ts";
import { outerInitramfs } from "./initramfs.ts";
import { type OuterKernel, outerKernel } from "./kernel.ts";
import { initParameters, type OuterInit, writeUnits } from "./systemd.ts";

const memoryMib = 3072;
/** Sparse; the file goes with the machine. */
const diskBytes = 64 * 1024 ** 3;

export interface OuterCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** A directory of this host that is the same inside; everything else that is written there ends with the machine. */
  readonly writable: string;
  readonly deadlineMs: number;
  /** The command, unless said otherwise. */
  readonly init?: OuterInit;
  /** Told what the machine's console prints: the command's stdout and stderr. */
  readonly onOutput: (text: string) => void;
}

/**
 * Runs a command in an outer guest: a machine emulated with AMD's hardware virtualisation, hence one with a working /dev/kvm, with
 * /dev/vhost-vsock and a pure cgroup v2 tree, which sees this host's files. @returns the command's status
 * @throws OuterGuestStandsStill, and other errors when the machine does not get so far or the deadline passes
 */
export async function runInOuterGuest(command: OuterCommand): Promise<number> {
  const kernel = outerKernel();
  const directory = mkdtempSync(path.join(tmpdir(), "runv-outer-"));
  let machine: ChildProcess | null = null;
  const endWithUs = (): void => void machine?.kill("SIGKILL");
  process.once("exit", endWithUs);
  try {
    await prepare(directory, kernel, command);
    machine = startMachine(directory, kernel, command);
    await ended(machine, directory, command.deadlineMs);
    return statusIn(directory);
  } finally {
    endWithUs();
    process.removeListener("exit", endWithUs);
    rmSync(directory, { recursive: true, force: true });
  }
}

async function prepare(directory: string, kernel: OuterKernel, command: OuterCommand): Promise<void> {
  const disk = path.join(directory, "disk");
  writeFileSync(disk, "");
  truncateSync(disk, diskBytes);
  await execa("mke2fs", ["-q", "-t", "ext4", "-O", "^has_journal", "-E", "lazy_itable_init=1", disk]);
  writeFileSync(path.join(directory, "initramfs"), outerInitramfs(kernel.modules));
  const shared = path.join(directory, "outer");
  mkdirSync(shared);
  writeFileSync(path.join(shared, "command"), script(command));
  writeUnits(path.join(shared, "units"));
  chmodSync(shared, 0o755);
}

function script({ argv, cwd, env }: OuterCommand): string {
  const environment = {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/root",
    TMPDIR: "/run/t",
    ...env,
  };
  return [
    ...Object.entries(environment).map(([name, value]) => `export ${name}=${quoted(value)}`),
    `cd ${quoted(cwd)}`,
    heartbeatLine,
    // To programs the console is a terminal, on which they paint; and should it stand still, its last lines are not waited for.
    "mkfifo /run/outer-output",
    "cat </run/outer-output &",
    `${argv.map(quoted).join(" ")} </dev/null >/run/outer-output 2>&1`,
    "echo $? >/run/outer/status",
    "sleep 1",
    "sync",
    "echo b >/proc/sysrq-trigger",
    // Process 1 does not end.
    "sleep 60",
    "",
  ].join("\n");
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function startMachine(directory: string, kernel: OuterKernel, command: OuterCommand): ChildProcess {
  const parameters = [
    "console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off sysrq_always_enabled",
    `modules=${kernel.modulesDirectory} writable=${command.writable}`,
    ...initParameters[command.init ?? "command"],
  ];
  const argv = [
    ...["-machine", "q35,accel=tcg,usb=off", "-cpu", "max,-erms", "-smp", "1", "-m", `${memoryMib}`],
    ...["-kernel", kernel.image, "-initrd", path.join(directory, "initramfs")],
    ...["-append", parameters.join(" ")],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ...["-chardev", `stdio,id=${consoleName}`, "-serial", `chardev:${consoleName}`],
    ...["-monitor", `unix:${monitorSocket(directory)},server=on,wait=off`],
    ...["-object", "rng-random,id=entropy,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=entropy"],
    ...["-blockdev", `driver=file,filename=${path.join(directory, "disk")},node-name=disk,discard=unmap`],
    ...["-device", "virtio-blk-pci,drive=disk"],
    ...share("host", "/", ",readonly=on"),
    ...share("outer", path.join(directory, "outer"), ""),
    ...share("writable", command.writable, ""),
  ];
  // It ends with whoever started it, however that ends.
  const tied = ["--pdeathsig", "KILL", "qemu-system-x86_64", ...argv];
  const machine = spawn("setpriv", tied, { stdio: ["pipe", "pipe", "pipe"] });
  // Of use to the diagnosis alone, which the machine may not outlive.
  machine.stdin.on("error", () => undefined);
  for (const stream of [machine.stdout, machine.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", command.onOutput);
  }
  return machine;
}

function share(name: string, directory: string, options: string): string[] {
  const file = `local,id=${name},path=${directory},security_model=passthrough,multidevs=remap${options}`;
  return ["-fsdev", file, "-device", `virtio-9p-pci,fsdev=${name},mount_tag=${name}`];
}

function monitorSocket(directory: string): string {
  return path.join(directory, "monitor");
}

/** @throws when it does not end by itself; then with where it stands */
async function ended(machine: ChildProcess, directory: string, deadlineMs: number): Promise<void> {
  const stop = new AbortController();
  const { signal } = stop;
  try {
    const problem = await Promise.race([
      once(machine, "exit").then(() => null),
      delay(deadlineMs, new Error(`outer guest: not done within ${deadlineMs / 1000} s`), { signal }),
      standsStill(path.join(directory, "outer"), signal).then(
        () => new OuterGuestStandsStill("outer guest: it stands still"),
      ),
    ]);
    if (problem === null) return;
    problem.message += ` (${await diagnose(machine, monitorSocket(directory))})`;
    throw problem;
  } finally {
    stop.abort();
  }
}

function statusIn(directory: string): number {
  try {
    return Number.parseInt(readFileSync(path.join(directory, "outer/status"), "utf8"), 10);
  } catch (cause) {
    throw new Error("outer guest: it ended before its command did: see its console", { cause });
  }
}
