import { expect, test } from "vitest";
import type { HostLimit } from "../../../../runtime/src/cgroups/host-limits.ts";
import { machineLimits, runningLimits } from "../../../../runtime/src/cgroups/host-limits.ts";
import { limitProperties } from "../../../../runtime/src/cgroups/unit-properties.ts";
import { parseResources } from "../../../../runtime/src/oci/parse-resources.ts";
import { JsonCursor } from "../../../../runtime/src/shared/json-cursor.ts";

const need = { memoryBytes: 1000, tasks: 7, isFenced: false };
const newest = 252;

function limitsOf(document: object): HostLimit[] {
  const resources = parseResources(new JsonCursor(document, "resources"), () => undefined);
  return [...machineLimits(resources, need), ...runningLimits(resources)];
}

function told(document: object, host: { readonly isUnified: boolean; readonly systemdVersion?: number }) {
  const properties = limitProperties(limitsOf(document), { systemdVersion: newest, ...host });
  return Object.fromEntries(
    properties.map(({ name, signature, words }) => [name, `${signature} ${words.join(" ")}`]),
  );
}

const all = {
  memory: { limit: 900, swap: 1500, reservation: 800 },
  cpu: { shares: 1024, quota: 50_000, period: 100_000, cpus: "0,2-3,9", mems: "0" },
  pids: { limit: 10 },
  blockIO: { weight: 10 },
};

test("version 2", () => {
  expect(told(all, { isUnified: true })).toEqual({
    MemoryMax: "t 1000",
    MemorySwapMax: "t 600",
    MemoryLow: "t 800",
    CPUWeight: "t 100",
    CPUQuotaPerSecUSec: "t 750000",
    CPUQuotaPeriodUSec: "t 100000",
    AllowedCPUs: "ay 2 13 2",
    AllowedMemoryNodes: "ay 1 1",
    TasksMax: "t 17",
    IOWeight: "t 1",
  });
});

test("version 1", () => {
  expect(told(all, { isUnified: false })).toEqual({
    MemoryLimit: "t 1000",
    CPUShares: "t 1024",
    CPUQuotaPerSecUSec: "t 750000",
    CPUQuotaPeriodUSec: "t 100000",
    TasksMax: "t 17",
    BlockIOWeight: "t 10",
  });
});

test("an old systemd is told what it knows", () => {
  expect(Object.keys(told({ cpu: all.cpu }, { isUnified: true, systemdVersion: 241 }))).toEqual([
    "CPUWeight",
    "CPUQuotaPerSecUSec",
  ]);
});

test.each([
  // Whole percents, never less than asked for.
  [{ quota: 33_333, period: 100_000 }, "t 590000"],
  [{ quota: -1, period: 50_000 }, "t 18446744073709551615"],
])("the quota of %j", (cpu, value) => {
  expect(told({ cpu }, { isUnified: true })["CPUQuotaPerSecUSec"]).toBe(value);
});

test("a processor that no machine has is left to the kernel", () => {
  expect(told({ cpu: { cpus: "0-4000000000" } }, { isUnified: true })).toEqual({});
});
