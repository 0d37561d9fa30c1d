import type { HugepageLimit, InterfacePriority, Resources } from "@runv/protocol";
import type { PresentLimits } from "@runv/protocol/present-limits";
import type { CgroupWrite } from "../cgroup-write.ts";
import { rdmaWrites } from "../device-writes.ts";
import { pidsWrite } from "../resource-writes.ts";
import { cpuWrites } from "./cpu-writes.ts";
import { memoryWrites, refuseUnified } from "./memory-writes.ts";

/**
 * What version 1 cgroups are told, in runc's order. Each file begins with the name of its controller.
 * @param before, merged limits that hold now, and those that hold then
 */
export function versionOneWrites(
  asked: Resources,
  before: PresentLimits,
  merged: PresentLimits,
): CgroupWrite[] {
  const { memory, cpu, pidsLimit, networkClassId } = asked;
  for (const { name } of asked.unified) refuseUnified(name);
  return [
    ...(memory === undefined ? [] : memoryWrites(memory, before.memory, merged.memory)),
    ...(cpu === undefined ? [] : cpuWrites(cpu)),
    ...(pidsLimit === undefined ? [] : [pidsWrite(pidsLimit)]),
    ...blockIoWrites(asked),
    ...hugepageWrites(asked.hugepageLimits),
    ...(networkClassId === undefined ? [] : [classWrite(networkClassId)]),
    ...asked.networkPriorities.map(priorityWrite),
    ...rdmaWrites(asked.rdmaLimits),
  ];
}

function blockIoWrites({ blockIoWeight, blockIoLeafWeight }: Resources): CgroupWrite[] {
  const field = "blockIO.weight";
  const [value, leafValue] = [String(blockIoWeight), String(blockIoLeafWeight)];
  const ofBfq = { field, file: "blkio.bfq.weight", value };
  const weight: CgroupWrite = { field, file: "blkio.weight", value, otherwise: ofBfq };
  // Of CFQ, which Linux 5.0 has given up. The host has said what it makes of it.
  const leafWeight: CgroupWrite = {
    field: "blockIO.leafWeight",
    file: "blkio.leaf_weight",
    value: leafValue,
    otherwise: "skip",
  };
  return [
    ...(blockIoWeight === undefined ? [] : [weight]),
    ...(blockIoLeafWeight === undefined ? [] : [leafWeight]),
  ];
}

/** The reservations of mmap(2) are limited as well, where the kernel counts them. */
function hugepageWrites(limits: readonly HugepageLimit[]): CgroupWrite[] {
  return limits.flatMap(({ pageSize, limitBytes }): CgroupWrite[] => {
    const common = { field: `hugepageLimits: ${pageSize}`, value: String(limitBytes) };
    return [
      { ...common, file: `hugetlb.${pageSize}.limit_in_bytes` },
      { ...common, file: `hugetlb.${pageSize}.rsvd.limit_in_bytes`, otherwise: "skip" },
    ];
  });
}

function classWrite(classId: number): CgroupWrite {
  return { field: "network.classID", file: "net_cls.classid", value: String(classId) };
}

function priorityWrite({ interfaceName, priority }: InterfacePriority): CgroupWrite {
  return {
    field: `network.priorities: ${interfaceName}`,
    file: "net_prio.ifpriomap",
    value: `${interfaceName} ${priority}`,
    line: { key: interfaceName, none: `${interfaceName} 0` },
  };
}
