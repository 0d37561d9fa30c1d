import type { ContainerRecord } from "../../../../runtime/src/state/container-record.ts";

export function sampleRecord(id: string, change: Partial<ContainerRecord> = {}): ContainerRecord {
  return {
    id,
    ociVersion: "1.0.2",
    bundle: "/b",
    rootfs: "/b/rootfs",
    created: "2026-11-20T21:06:55.123Z",
    owner: "root",
    hooks: { startContainer: [], poststart: [], poststop: [] },
    annotations: { a: "b" },
    creator: null,
    started: false,
    starter: null,
    paused: false,
    freezer: null,
    init: { pid: 4_000_000, startTicks: 7 },
    execs: [{ processId: "e1", proxy: { pid: 4_000_001, startTicks: 8 } }],
    vmDirectory: "/run/runv/vm/0123456789abcdef",
    vm: { driver: "fake" },
    cgroupVersion: "v2",
    cgroups: ["/sys/fs/cgroup/x"],
    hostNeed: { memoryBytes: 512 * 1024 ** 2, bytesPerAddedMib: 1, tasks: 97 },
    machine: {
      ...{ totalMib: 242, vcpuCount: 1, mostVcpus: 2, addedMemoryMib: 128 },
      limits: {
        memory: { limitBytes: 268_435_456, swapBytes: undefined },
        cpu: { quotaUs: -1, periodUs: undefined },
      },
    },
    systemdCgroup: false,
    ...change,
  };
}
