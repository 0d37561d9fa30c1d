import type { HugepageLimit, RdmaLimit } from "@runv/protocol";
import { ioWeight } from "@runv/protocol/cgroup-values";
import type { CgroupWrite } from "./cgroup-write.ts";

export function blockIoWrite(weight: number): CgroupWrite {
  const field = "blockIO.weight";
  const line = { key: "default", none: "default 100" };
  const otherwise = { field, file: "io.weight", value: String(ioWeight(weight)), line };
  return { field, file: "io.bfq.weight", value: String(weight), line, otherwise };
}

/** The reservations of mmap(2) are limited as well, where the kernel counts them. */
export function hugepageWrites(limits: readonly HugepageLimit[]): CgroupWrite[] {
  return limits.flatMap(({ pageSize, limitBytes }): CgroupWrite[] => {
    const value = String(limitBytes);
    const field = `hugepageLimits: ${pageSize}`;
    const reserved = { field, file: `hugetlb.${pageSize}.rsvd.max`, value, otherwise: "skip" as const };
    return [{ field, file: `hugetlb.${pageSize}.max`, value }, reserved];
  });
}

export function rdmaWrites(limits: readonly RdmaLimit[]): CgroupWrite[] {
  return limits.map(({ device, hcaHandles, hcaObjects }): CgroupWrite => {
    const parts = [
      ...(hcaHandles === undefined ? [] : [`hca_handle=${hcaHandles}`]),
      ...(hcaObjects === undefined ? [] : [`hca_object=${hcaObjects}`]),
    ];
    const line = { key: device, none: `${device} hca_handle=max hca_object=max` };
    return { field: `rdma: ${device}`, file: "rdma.max", value: [device, ...parts].join(" "), line };
  });
}
