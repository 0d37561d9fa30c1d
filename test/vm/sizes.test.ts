import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { Runv } from "../harness/runv.ts";

const runv = new Runv();
afterAll(async () => runv.dispose());

const bytesPerMib = 1_048_576;
const kibPerMib = 1024;
/** By how much MemTotal may differ from the limit asked for. */
const tolerance = 0.02;
/** A limit below what a guest needs. */
const smallMib = 16;

interface Seen {
  readonly vcpus: number;
  readonly cpuinfo: number;
  readonly meminfoKib: number;
  readonly freeKib: number;
}

/** What a container is told of its machine. */
async function seen(
  resources: object,
  more: { readonly annotations?: Readonly<Record<string, string>>; readonly config?: string } = {},
): Promise<Seen> {
  const script = [
    "nproc",
    "grep -c ^processor /proc/cpuinfo",
    "sed -n 's/^MemTotal: *\\([0-9]*\\).*/\\1/p' /proc/meminfo",
    "free -k | sed -n 's/^Mem: *\\([0-9]*\\).*/\\1/p'",
  ].join("; ");
  const { annotations = {}, config = "" } = more;
  const bundle = runv.bundle({ args: ["sh", "-c", script], resources, annotations });
  const file = path.join(runv.directory, `${runv.newId()}.toml`);
  writeFileSync(file, config);
  const { status, stdout, stderr } = await runv.run([
    "--config",
    file,
    "run",
    "--bundle",
    bundle,
    runv.newId(),
  ]);
  expect([status, stderr]).toEqual([0, ""]);
  const [vcpus = 0, cpuinfo = 0, meminfoKib = 0, freeKib = 0] = stdout.trim().split("\n").map(Number);
  return { vcpus, cpuinfo, meminfoKib, freeKib };
}

const memory = (mib: number): object => ({ memory: { limit: mib * bytesPerMib } });

test.each([64, 128, 256, 512, 1024, 2048])(
  "a limit of %i MiB is what the container is told it has",
  async (mib) => {
    const { meminfoKib, freeKib } = await seen(memory(mib));
    expect(Math.abs(meminfoKib / (mib * kibPerMib) - 1)).toBeLessThan(tolerance);
    expect(freeKib).toBe(meminfoKib);
  },
);

test("the other machines of a guest are sized as well", async () => {
  for (const machine of ["q35", "pc"]) {
    const { meminfoKib } = await seen(memory(64), { config: `machine = ${JSON.stringify(machine)}\n` });
    expect(Math.abs(meminfoKib / (64 * kibPerMib) - 1)).toBeLessThan(tolerance);
  }
});

test("a limit that no guest can run in gets the smallest guest", async () => {
  const { meminfoKib } = await seen(memory(smallMib));
  expect(meminfoKib).toBeGreaterThan(smallMib * kibPerMib);
  expect(meminfoKib).toBeLessThan(64 * kibPerMib);
});

test.each([
  [{ quota: 50_000, period: 100_000 }, 1],
  [{ quota: 20_000, period: 10_000 }, 2],
  [{ quota: 150_000 }, 2],
  [{ quota: 100_000_000, period: 100_000 }, Number.POSITIVE_INFINITY],
  [{ quota: -1, period: 100_000 }, 1],
])("processor time %j is %d processors, if the host has them", async (cpu, wanted) => {
  const expected = Math.min(wanted, availableParallelism());
  expect(await seen({ cpu })).toMatchObject({ vcpus: expected, cpuinfo: expected });
});

test("the host's configuration bounds what a limit gets, and says what a container without limits gets", async () => {
  const config = "default_memory_mib = 96\ndefault_vcpus = 2\nmax_vcpus = 1\n";
  const unlimited = await seen({}, { config });
  expect(unlimited.vcpus).toBe(2);
  expect(unlimited.meminfoKib).toBeLessThan(96 * kibPerMib);
  expect((await seen({ cpu: { quota: 200_000 } }, { config })).vcpus).toBe(1);
});

test("sizes that are configured or allowed to be annotated do not follow limits", async () => {
  const limits = { ...memory(512), cpu: { quota: 50_000 } };
  const config = 'vcpus = 2\nallowed_annotations = ["memory_mib"]\n';
  const { vcpus, meminfoKib } = await seen(limits, { config, annotations: { "io.runv.memory_mib": "96" } });
  expect(vcpus).toBe(2);
  expect(meminfoKib).toBeLessThan(96 * kibPerMib);
});
