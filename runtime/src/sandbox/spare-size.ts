import { availableParallelism } from "node:os";
import { hotplugSupport } from "../kernel/kernel-config.ts";
import { hostMemoryMib } from "./host-memory.ts";

/** What the configuration says of the room that machines have to grow. */
export interface SpareSettings {
  /** null: not fixed, and so with room. */
  readonly memoryMib: number | null;
  readonly vcpuCount: number | null;
  /** null: as many as the host has. */
  readonly maxVcpuCount: number | null;
  readonly spareMemoryMib: number;
  readonly spareVcpuCount: number;
}

export const noSpare = { memoryMib: 0, vcpuCount: 0 } as const;

/** Processors that a machine has besides, for its guest to grow: as many as configured, if its kernel can take them, and the host has them. */
export function spareVcpus(vcpuCount: number, settings: SpareSettings, vmlinux: string): number {
  if (settings.vcpuCount !== null || !hotplugSupport(vmlinux).processors) return 0;
  const most = Math.min(settings.maxVcpuCount ?? Number.POSITIVE_INFINITY, availableParallelism());
  return Math.max(Math.min(settings.spareVcpuCount, most - vcpuCount), 0);
}

/** Memory that a machine has besides, in the same way. */
export function spareMemory(memoryMib: number, settings: SpareSettings, vmlinux: string): number {
  if (settings.memoryMib !== null || !hotplugSupport(vmlinux).memory) return 0;
  return Math.max(Math.min(settings.spareMemoryMib, hostMemoryMib() - memoryMib), 0);
}
