import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cacheDirectory, repositoryRoot } from "./paths.ts";

/** What a test asks of a container; the rest is as in `runc spec`. */
export interface BundleOptions {
  readonly args: readonly string[];
  readonly rootfs?: string;
  readonly terminal?: boolean;
  readonly consoleSize?: { readonly height: number; readonly width: number };
  readonly readonlyRootfs?: boolean;
  readonly capabilities?: readonly string[];
  readonly hostname?: string;
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly cwd?: string;
  readonly oomScoreAdj?: number;
  readonly cgroupsPath?: string;
  /** Members of linux.resources, beside the device rules. */
  readonly resources?: object;
  /** In place of the rule that denies all. */
  readonly deviceRules?: readonly object[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly seccomp?: object;
  readonly hooks?: object;
  /** After those of `runc spec`. */
  readonly mounts?: readonly BundleMount[];
}

/** One of `mounts` of config.json. */
export interface BundleMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

const defaultCapabilities = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];
/** Every capability that a privileged container has and a namespace, a device or a module would need. */
export const dangerousCapabilities = [
  ...defaultCapabilities,
  "CAP_DAC_OVERRIDE",
  "CAP_MKNOD",
  "CAP_NET_ADMIN",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SYS_ADMIN",
  "CAP_SYS_BOOT",
  "CAP_SYS_MODULE",
  "CAP_SYS_PTRACE",
  "CAP_SYS_RAWIO",
];

/** The root file system of Debian's busybox-static, made once. */
export function busyboxRootfs(): string {
  const rootfs = path.join(cacheDirectory, "images/busybox");
  if (!existsSync(rootfs)) {
    mkdirSync(path.dirname(rootfs), { recursive: true });
    execFileSync(process.execPath, [path.join(repositoryRoot, "images/busybox-rootfs.mjs"), rootfs]);
  }
  return rootfs;
}

/** Writes `directory`/config.json; the directory is made. */
export function writeBundle(directory: string, options: BundleOptions): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, "config.json"), JSON.stringify(config(options)));
}

function config(options: BundleOptions) {
  return {
    ociVersion: "1.0.2",
    process: processSpec(options),
    root: { path: options.rootfs ?? busyboxRootfs(), readonly: options.readonlyRootfs ?? false },
    hostname: options.hostname ?? "runv",
    ...(options.annotations === undefined ? {} : { annotations: options.annotations }),
    ...(options.hooks === undefined ? {} : { hooks: options.hooks }),
    mounts: [
      mount("/proc", "proc", []),
      mount("/dev", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
      mount("/dev/pts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
      mount("/dev/shm", "tmpfs", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
      mount("/dev/mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
      mount("/sys", "sysfs", ["nosuid", "noexec", "nodev", "ro"]),
      ...(options.mounts ?? []),
    ],
    linux: {
      ...(options.cgroupsPath === undefined ? {} : { cgroupsPath: options.cgroupsPath }),
      ...(options.seccomp === undefined ? {} : { seccomp: options.seccomp }),
      resources: {
        devices: options.deviceRules ?? [{ allow: false, access: "rwm" }],
        ...options.resources,
      },
      namespaces: ["pid", "network", "ipc", "uts", "mount", "cgroup"].map((type) => ({ type })),
      maskedPaths: ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
  };
}

/** The `process` object of a config.json or of `exec --process`. */
export function processSpec(options: BundleOptions) {
  const capabilities = options.capabilities ?? defaultCapabilities;
  return {
    terminal: options.terminal ?? false,
    ...(options.consoleSize === undefined ? {} : { consoleSize: options.consoleSize }),
    user: options.user ?? { uid: 0, gid: 0 },
    args: options.args,
    env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
    cwd: options.cwd ?? "/",
    capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    rlimits: [{ type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 }],
    noNewPrivileges: true,
    ...(options.oomScoreAdj === undefined ? {} : { oomScoreAdj: options.oomScoreAdj }),
  };
}

const mount = (destination: string, type: string, options: readonly string[]): BundleMount => ({
  destination,
  type,
  source: type,
  options,
});
