import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { distDirectory, repositoryRoot } from "../harness/paths.ts";

const maxAgentBytes = 1_600_000;
const maxBzImageBytes = 4_000_000;

const kernelConfigs = path.join(repositoryRoot, "kernel-configs");
const built = (name: string): string => path.join(distDirectory, name);
const guest = (name: string): string => built(`guest/${name}`);

function fragmentsIn(folder: string): string[] {
  const directory = path.join(kernelConfigs, folder);
  const names = existsSync(directory) ? readdirSync(directory) : [];
  return names.filter((name) => name.endsWith(".config")).map((name) => path.join(directory, name));
}

test("everything that runv needs is there", () => {
  const programs = ["runv", "runv.cjs", "runv-agent", "runv-hook", "runv-monitor", "runv-pack", "runv-proxy"];
  const executable = programs.filter((name) => (statSync(built(name)).mode & 0o111) === 0o111);
  expect(executable).toEqual(programs);
  const guestFiles = readdirSync(built("guest"));
  expect(guestFiles).toEqual(expect.arrayContaining(["bzImage", "initramfs.cpio", "vmlinux"]));
});

test.each([["runv-agent"], ["runv-hook"], ["runv-monitor"], ["runv-pack"], ["runv-proxy"]])(
  "%s is static",
  async (name) => {
    const { stdout } = await execa("readelf", ["--program-headers", "--dynamic", "--wide", built(name)]);
    expect(stdout).not.toMatch(/INTERP|NEEDED/);
  },
);

describe("the initramfs", () => {
  test("holds the agent, and a console for the kernel to open", async () => {
    const { stdout } = await execa("busybox", ["cpio", "-t"], { inputFile: guest("initramfs.cpio") });
    expect(stdout.split("\n").sort()).toEqual(["dev", "dev/console", "init"]);
    expect(readFileSync(guest("initramfs.cpio")).includes(readFileSync(built("runv-agent")))).toBe(true);
  });

  test(`its agent has no more than ${maxAgentBytes} bytes`, () => {
    expect(statSync(built("runv-agent")).size).toBeLessThanOrEqual(maxAgentBytes);
  });
});

describe("the guest kernel", () => {
  const configuration = new Set(readFileSync(guest("config"), "utf8").split("\n"));

  test("vmlinux has an entry for PVH and no symbols", async () => {
    const { stdout } = await execa("readelf", ["--notes", "--sections", "--wide", guest("vmlinux")]);
    expect(stdout).toMatch(/^ *Xen .*0x0*12\b/m);
    expect(stdout).not.toContain(".symtab");
  });

  test(`bzImage has no more than ${maxBzImageBytes} bytes, compressed by xz`, () => {
    expect(statSync(guest("bzImage")).size).toBeLessThanOrEqual(maxBzImageBytes);
    expect(configuration).toContain("CONFIG_KERNEL_XZ=y");
  });

  test("it has every symbol that a fragment asks for", async () => {
    const fragments = ["common", "x86_64", "x86_64/6.1"].flatMap(fragmentsIn);
    expect(fragments.length).toBeGreaterThan(5);
    await execa(process.execPath, ["check-fragments.mjs", "--final", guest("config"), ...fragments], {
      cwd: kernelConfigs,
    });
  });

  test.each([
    ["file systems", "9P_FS NET_9P_VIRTIO OVERLAY_FS EXT4_FS SQUASHFS EROFS_FS TMPFS FUSE_FS VIRTIO_FS"],
    ["transports", "VIRTIO_MMIO VIRTIO_PCI VIRTIO_VSOCKETS VIRTIO_CONSOLE"],
    ["devices", "VIRTIO_BLK VIRTIO_NET VIRTIO_BALLOON HW_RANDOM_VIRTIO"],
    ["namespaces", "PID_NS NET_NS IPC_NS UTS_NS USER_NS TIME_NS CGROUPS"],
    ["controllers", "MEMCG BLK_CGROUP CGROUP_SCHED CGROUP_PIDS CGROUP_FREEZER CPUSETS CGROUP_DEVICE"],
    ["more controllers", "CGROUP_CPUACCT CGROUP_PERF CGROUP_NET_PRIO CGROUP_NET_CLASSID CGROUP_BPF"],
    ["networks", "INET IPV6 NETFILTER NF_TABLES IP_NF_IPTABLES NF_CONNTRACK UNIX PACKET"],
    ["as a guest", "PVH KVM_GUEST SECCOMP_FILTER"],
    ["system calls", "IO_URING INOTIFY_USER FANOTIFY SYSVIPC POSIX_MQUEUE FILE_LOCKING ADVISE_SYSCALLS AIO"],
    ["more system calls", "MEMBARRIER RSEQ MULTIUSER HIGH_RES_TIMERS COREDUMP BINFMT_MISC BINFMT_SCRIPT"],
  ])("it has built in: %s", (_what, names) => {
    const missing = names.split(" ").filter((name) => !configuration.has(`CONFIG_${name}=y`));
    expect(missing).toEqual([]);
  });

  test("it loads no modules", () => {
    expect(configuration).toContain("# CONFIG_MODULES is not set");
  });
});
