import { StatsResponse } from "@runv/protocol";
import { expect, test } from "vitest";
import { oomEventJson, statsEventJson } from "../../../../runtime/src/cli/output/events-json.ts";

const event = (stats: Parameters<typeof StatsResponse.fromPartial>[0]) =>
  statsEventJson("c", StatsResponse.fromPartial(stats));

test("no limit is 2^64 - 1 to the digit: Go's programs read 64 bits", () => {
  const line = event({ memory: { usageBytes: 5, swapCounted: true }, pids: { current: 1 } });
  expect(line).toContain('"usage":{"limit":18446744073709551615,"usage":5,"failcnt":0}');
  expect(line).toContain('"swap":{"limit":18446744073709551615,"usage":5,"failcnt":0}');
  expect(line).toContain('"pids":{"current":1,"limit":18446744073709551615}');
});

test("times are nanoseconds, memory and swap are counted together", () => {
  const { data } = JSON.parse(
    event({
      cpu: { totalUs: 12, userUs: 5, systemUs: 7, periods: 3, throttledPeriods: 2, throttledUs: 9 },
      memory: { usageBytes: 10, limitBytes: 100, swapBytes: 2, swapLimitBytes: 50, swapCounted: true },
    }),
  ) as { data: unknown };
  expect(data).toMatchObject({
    cpu: {
      usage: { total: 12_000, kernel: 7000, user: 5000 },
      throttling: { periods: 3, throttledPeriods: 2, throttledTime: 9000 },
    },
    memory: { usage: { limit: 100, usage: 10 }, swap: { limit: 150, usage: 12 } },
  });
});

test("disks have a line for each direction", () => {
  const line = event({
    blockIo: [{ major: 254, minor: 0, readBytes: 1, writtenBytes: 0, reads: 3, writes: 4 }],
  });
  expect(line).toContain(
    '"ioServiceBytesRecursive":[{"major":254,"op":"Read","value":1},{"major":254,"op":"Write"}],' +
      '"ioServicedRecursive":[{"major":254,"op":"Read","value":3},{"major":254,"op":"Write","value":4}]',
  );
});

test("an event is one line, and names of the guest's cannot break it", () => {
  const line = event({ memory: { details: [{ name: 'a"\n', value: 1 }] } });
  expect(line.trimEnd()).not.toContain("\n");
  expect(JSON.parse(line)).toMatchObject({ type: "stats", id: "c", data: { memory: { raw: { "a??": 1 } } } });
  expect(oomEventJson("c")).toBe('{"type":"oom","id":"c"}\n');
});

test("version 1: runc's members, and no limit is the kernel's number to the digit", () => {
  const counter = { usageBytes: 5, peakBytes: 7, failures: 2, limitBytes: undefined };
  const entries = [{ major: 254, minor: 1, operation: "Read", value: 3 }];
  const line = event({
    cpu: { systemUs: 4, throttledPeriods: 1 },
    memory: { details: [{ name: "hierarchical_memsw_limit", value: Number.MAX_SAFE_INTEGER }] },
    pids: { current: 1 },
    hugepages: [{ pageSize: "2MB", peakBytes: 9 }],
    cpus: [0],
    versionOne: {
      totalNs: 11,
      processorsNs: [11],
      memory: { ...counter, limitBytes: 64 },
      kernel: counter,
      cpuset: [{ name: "sched_relax_domain_level", value: -1 }],
      blockIo: [
        { name: "io_serviced", entries },
        { name: "sectors", entries: [{ major: 254, value: 8 }] },
        { name: "unheard-of", entries },
      ],
    },
  });
  expect(line).toContain(
    '"cpu":{"usage":{"total":11,"percpu":[11],"kernel":4000,"user":0},"throttling":{"throttledPeriods":1}}',
  );
  expect(line).toContain('"cpuset":{"cpus":[0],"sched_relax_domain_level":-1}');
  expect(line).toContain('"usage":{"limit":64,"usage":5,"max":7,"failcnt":2},"swap":{"limit":0,"failcnt":0}');
  expect(line).toContain('"kernel":{"limit":9223372036854771712,"usage":5,"max":7,"failcnt":2}');
  expect(line).toContain('"raw":{"hierarchical_memsw_limit":9223372036854771712}');
  expect(line).toContain(
    '"pids":{"current":1},"blkio":{"ioServicedRecursive":[{"major":254,"minor":1,"op":"Read","value":3}],',
  );
  expect(line).toContain(
    '"sectorsRecursive":[{"major":254,"value":8}]},"hugetlb":{"2MB":{"max":9,"failcnt":0}}',
  );
});
