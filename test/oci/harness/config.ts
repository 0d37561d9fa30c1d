export interface HookConfig {
  path: string;
  args?: string[];
  env?: string[];
  timeout?: number;
}

export type HookKind =
  | "prestart"
  | "createRuntime"
  | "createContainer"
  | "startContainer"
  | "poststart"
  | "poststop";

/** A config.json as far as the tests change it. */
export interface Config {
  ociVersion: string;
  process: ProcessConfig;
  root: { path: string; readonly: boolean };
  hostname: string;
  domainname?: string;
  mounts: MountConfig[];
  annotations: Record<string, string>;
  hooks?: Partial<Record<HookKind, HookConfig[]>>;
  vm?: unknown;
  linux: {
    namespaces: { type: string; path?: string }[];
    uidMappings?: IdMapping[];
    gidMappings?: IdMapping[];
    timeOffsets?: Record<string, { secs: number; nanosecs?: number }>;
    devices?: DeviceConfig[];
    rootfsPropagation?: string;
    personality?: { domain: string; flags?: string[] };
    mountLabel?: string;
    intelRdt?: Record<string, unknown>;
    memoryPolicy?: Record<string, unknown>;
    netDevices?: Record<string, unknown>;
    resources: { devices: DeviceRuleConfig[]; [controller: string]: unknown };
    cgroupsPath?: string;
    maskedPaths: string[];
    readonlyPaths: string[];
    sysctl?: Record<string, string>;
    seccomp?: SeccompConfig;
  };
}

export interface MountConfig {
  destination: string;
  type?: string;
  source?: string;
  options?: string[];
  uidMappings?: IdMapping[];
  gidMappings?: IdMapping[];
}

export interface DeviceRuleConfig {
  allow: boolean;
  type?: string;
  major?: number;
  minor?: number;
  access: string;
}

export interface DeviceConfig {
  path: string;
  type: string;
  major?: number;
  minor?: number;
  fileMode?: number;
  uid?: number;
  gid?: number;
}

export interface IdMapping {
  containerID: number;
  hostID: number;
  size: number;
}

export interface SeccompConfig {
  defaultAction: string;
  defaultErrnoRet?: number;
  architectures?: string[];
  flags?: string[];
  syscalls?: SeccompRuleConfig[];
}

export interface SeccompRuleConfig {
  names: string[];
  action: string;
  errnoRet?: number;
  args?: { index: number; value: number; valueTwo?: number; op: string }[];
}

export interface ProcessConfig {
  terminal: boolean;
  consoleSize?: { height: number; width: number };
  user: { uid: number; gid: number; umask?: number; additionalGids?: number[] };
  args: string[];
  env: string[];
  cwd: string;
  capabilities?: Record<string, string[]>;
  rlimits?: { type: string; soft: number; hard: number }[];
  noNewPrivileges: boolean;
  oomScoreAdj?: number;
  scheduler?: {
    policy: string;
    nice?: number;
    priority?: number;
    flags?: string[];
    runtime?: number;
    deadline?: number;
    period?: number;
  };
  ioPriority?: { class: string; priority: number };
  execCPUAffinity?: { initial?: string; final?: string };
  apparmorProfile?: string;
  selinuxLabel?: string;
}

const capabilities = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];
const shmOptions = ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"];
const devOptions = ["nosuid", "strictatime", "mode=755", "size=65536k"];
const ptsOptions = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"];

/** What `runc spec` writes, without a terminal, and with a writable rootfs. */
export function defaultConfig(): Config {
  return {
    ociVersion: "1.0.2",
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: ["true"],
      env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
      cwd: "/",
      capabilities: {
        bounding: [...capabilities],
        effective: [...capabilities],
        permitted: [...capabilities],
      },
      rlimits: [{ type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: "rootfs", readonly: false },
    hostname: "container",
    annotations: {},
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: [...devOptions] },
      { destination: "/dev/pts", type: "devpts", source: "devpts", options: [...ptsOptions] },
      { destination: "/dev/shm", type: "tmpfs", source: "shm", options: [...shmOptions] },
      {
        destination: "/dev/mqueue",
        type: "mqueue",
        source: "mqueue",
        options: ["nosuid", "noexec", "nodev"],
      },
      { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
    ],
    linux: {
      resources: { devices: [{ allow: false, access: "rwm" }] },
      namespaces: ["pid", "network", "ipc", "uts", "mount"].map((type) => ({ type })),
      maskedPaths: ["/proc/kcore", "/proc/keys", "/sys/firmware"],
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
  };
}
