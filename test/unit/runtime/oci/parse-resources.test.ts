import { expect, test } from "vitest";
import { parseResources } from "../../../../runtime/src/oci/parse-resources.ts";
import { unlimited } from "../../../../runtime/src/oci/resources.ts";
import { JsonCursor } from "../../../../runtime/src/shared/json-cursor.ts";

const parse = (resources: unknown): ReturnType<typeof parseResources> =>
  parseResources(new JsonCursor(resources, "config.json", "linux.resources"));

test("what is absent is not asked for", () => {
  expect(parse(undefined)).toEqual({
    memory: {
      limitBytes: null,
      reservationBytes: null,
      swapBytes: null,
      swappiness: null,
      disableOomKiller: false,
      checkBeforeUpdate: false,
    },
    cpu: {
      shares: null,
      quotaMicros: null,
      periodMicros: null,
      burstMicros: null,
      cpus: "",
      mems: "",
      idle: null,
    },
    pids: { limit: null },
    blockIo: {
      weight: null,
      leafWeight: null,
      weightDevices: [],
      readBps: [],
      writeBps: [],
      readIops: [],
      writeIops: [],
    },
  });
});

test("limits are numbers, and a bound that is none is told apart from nothing asked for", () => {
  expect(parse({ memory: { limit: 67_108_864 } }).memory.limitBytes).toBe(67_108_864);
  expect(parse({ memory: { limit: -1 } }).memory.limitBytes).toBe(unlimited);
  expect(parse({ memory: { limit: 0 } }).memory.limitBytes).toBeNull();
  expect(parse({ cpu: { quota: 150_000, period: 100_000 } }).cpu).toMatchObject({
    quotaMicros: 150_000,
    periodMicros: 100_000,
  });
  expect(parse({ cpu: { quota: -5 } }).cpu.quotaMicros).toBe(unlimited);
});

test.each([
  [{ memory: { limit: "64m" } }, "linux.resources.memory.limit: must be an integer"],
  [{ memory: { limit: -2 } }, "linux.resources.memory.limit: must be an integer from -1"],
  [{ memory: { limit: 1.5 } }, "linux.resources.memory.limit: must be an integer"],
  [{ cpu: { period: -1 } }, "linux.resources.cpu.period: must be an integer"],
  [{ cpu: [] }, "linux.resources.cpu: must be an object"],
])("%j is refused", (resources, why) => {
  expect(() => parse(resources)).toThrow(why);
});
