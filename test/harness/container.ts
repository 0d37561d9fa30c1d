import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { bulkPort, encodeBulkHeader, Namespace, type Process } from "@runv/protocol";
import type { AgentClient } from "./agent-client.ts";
import type { Guest } from "./guest.ts";
import { staticProgram } from "./guest-programs.ts";
import { type Outcome, ProcessConnection } from "./process-io.ts";

const repositoryRoot = path.resolve(import.meta.dirname, "../..");

/** A directory with the busybox root file system; to be removed by the caller. */
function busyboxRootfs(): string {
  const directory = path.join(mkdtempSync(path.join(tmpdir(), "runv-rootfs-")), "rootfs");
  execFileSync(process.execPath, [path.join(repositoryRoot, "images/busybox-rootfs.mjs"), directory]);
  return directory;
}

/** What a rootfs has besides busybox. */
export interface RootfsContents {
  /** Names of test/fixtures/native; in /usr/bin. */
  readonly programs?: readonly string[];
  /** Symbolic links by their path. */
  readonly links?: Readonly<Record<string, string>>;
}

/** Sends a directory as the rootfs of a container. */
export async function sendRootfs(
  agent: AgentClient,
  guest: Guest,
  id: string,
  { programs = [], links = {} }: RootfsContents = {},
): Promise<void> {
  const directory = busyboxRootfs();
  for (const name of programs) cpSync(await staticProgram(name), path.join(directory, "usr/bin", name));
  for (const [name, target] of Object.entries(links)) {
    const link = path.join(directory, name);
    rmSync(link, { recursive: true, force: true });
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(target, link);
  }
  const answer = agent.storage.unpack({ containerId: id });
  const tar = spawn("tar", ["-C", directory, "-c", "."], { stdio: ["ignore", "pipe", "inherit"] });
  const socket = await openBulk(guest, id);
  await Promise.all([pipeline(tar.stdout, socket), answer]);
  rmSync(path.dirname(directory), { recursive: true });
}

/** A bulk connection whose header has been sent. */
export async function openBulk(guest: Guest, container: string): Promise<Socket> {
  const socket = await guest.dial(bulkPort);
  socket.on("error", () => undefined);
  socket.resume();
  socket.write(encodeBulkHeader({ operation: "unpack", container, copy: "" }));
  return socket;
}

const capabilities = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];

/** What `runc spec` asks of a process, with other arguments. */
export function specProcess(args: readonly string[], changes: Partial<Process> = {}): Partial<Process> {
  return {
    args: [...args],
    env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
    cwd: "/",
    capabilities: {
      bounding: capabilities,
      effective: capabilities,
      inheritable: [],
      permitted: capabilities,
      ambient: [],
    },
    rlimits: [{ type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 }],
    noNewPrivileges: true,
    ...changes,
  };
}

const allCapabilities = [
  "AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID",
  "IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW",
  "PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE",
  "SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM",
]
  .join(" ")
  .split(" ")
  .map((name) => `CAP_${name}`);

/** What a privileged container's processes have. */
export const everyCapability: Partial<Process> = {
  capabilities: {
    bounding: allCapabilities,
    effective: allCapabilities,
    inheritable: [],
    permitted: allCapabilities,
    ambient: [],
  },
  noNewPrivileges: false,
};

const mount = (destination: string, type: string, source: string, options: string[]) => ({
  destination,
  type,
  source,
  options,
});
const strict = ["nosuid", "noexec", "nodev"];

const ownNamespaces: readonly Namespace[] = [
  Namespace.PID,
  Namespace.MOUNT,
  Namespace.IPC,
  Namespace.UTS,
  Namespace.NETWORK,
];

/** The container of `runc spec`, with these arguments. */
export function specContainer(id: string, args: readonly string[], changes: Partial<Process> = {}) {
  return {
    containerId: id,
    rootfs: { driver: "stream", readonly: true },
    hostname: "runv",
    process: specProcess(args, changes),
    mounts: [
      mount("/proc", "proc", "proc", []),
      mount("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
      mount("/dev/pts", "devpts", "devpts", [
        "nosuid",
        "noexec",
        "newinstance",
        "ptmxmode=0666",
        "mode=0620",
        "gid=5",
      ]),
      mount("/dev/shm", "tmpfs", "shm", [...strict, "mode=1777", "size=65536k"]),
      mount("/dev/mqueue", "mqueue", "mqueue", strict),
      mount("/sys", "sysfs", "sysfs", [...strict, "ro"]),
      mount("/sys/fs/cgroup", "cgroup", "cgroup", [...strict, "relatime", "ro"]),
    ],
    namespaces: [...ownNamespaces],
    maskedPaths: ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
    readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    deviceRules: [{ allow: false, type: "a", major: -1, minor: -1, access: "rwm" }],
  };
}

/** Runs a program as a container's init, from the rootfs to its end; deletes the container. */
export async function runContainer(
  agent: AgentClient,
  guest: Guest,
  request: ReturnType<typeof specContainer> & { readonly rootfsPropagation?: string },
  {
    input = Buffer.alloc(0),
    contents = {},
  }: { readonly input?: Buffer; readonly contents?: RootfsContents } = {},
): Promise<Outcome> {
  await sendRootfs(agent, guest, request.containerId, contents);
  return runUnpacked(agent, guest, request, input);
}

/** As `runContainer`, in a rootfs that is there already. */
export async function runUnpacked(
  agent: AgentClient,
  guest: Guest,
  request: ReturnType<typeof specContainer>,
  input: Buffer = Buffer.alloc(0),
): Promise<Outcome> {
  const id = request.containerId;
  const connection = await ProcessConnection.open(guest, { container: id, process: "" });
  try {
    await agent.containers.create(request);
    await connection.welcome;
    await agent.containers.start({ containerId: id });
    await connection.write(input);
    connection.endInput();
    return await connection.outcome;
  } finally {
    connection.close();
    await agent.containers.delete({ containerId: id }).catch(() => undefined);
  }
}

/** Runs a further program in a container, from its creation to its end. */
export async function runExec(
  agent: AgentClient,
  guest: Guest,
  names: { readonly container: string; readonly process: string },
  process: Partial<Process>,
): Promise<Outcome> {
  const connection = await ProcessConnection.open(guest, names);
  try {
    await agent.processes.create({ containerId: names.container, processId: names.process, process });
    await connection.welcome;
    await agent.processes.start({ containerId: names.container, processId: names.process });
    return await connection.outcome;
  } finally {
    connection.close();
  }
}
