// How long a container on each rootfs driver takes to its first process, for images of several sizes, and to read from its root file
// system what the host has read a moment before. The baselines: driver `stream` for the first process, the host for reading.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { staticProgram } from "../harness/guest-programs.ts";
import { type RootfsDriver, rootfsDrivers } from "../harness/rootfs-drivers.ts";
import { makeBundle } from "./harness/bundle.ts";
import { interleaved, median, printResult } from "./harness/measure.ts";
import { runv } from "./harness/paths.ts";
import { imageSizesMb, largeFile, makeTree, program, smallFiles } from "./harness/trees.ts";

const rounds = 3;
/** Ends a container that hangs. */
const deadlineMs = 120_000;
const baseline = "stream";
/** The one that the ratio is of, on the image of this size. */
const [compared, comparedMb] = ["virtiofs by the virtiofsd in Rust", 100] as const;
/** What is read is in the largest image alone. */
const readMb = Math.max(...imageSizesMb);

interface Times {
  readonly firstMs: number;
  readonly largeMs: number;
  readonly smallMs: number;
}

const directory = mkdtempSync(path.join(tmpdir(), "runv-bench-"));
let containers = 0;

async function measure(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<Times> {
  const [command = "", ...args] = argv;
  const begin = performance.now();
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], env, timeout: deadlineMs });
  let [output, firstMs] = ["", Number.NaN];
  child.stdout.on("data", (bytes: Buffer) => {
    if (output === "") firstMs = performance.now() - begin;
    output += bytes.toString();
  });
  const [status] = (await once(child, "close")) as [unknown];
  if (status !== 0) throw new Error(`${argv.join(" ")}: ${String(status)}`);
  const [, largeMs, smallMs] = output.split("\n").map(Number);
  return { firstMs, largeMs: largeMs ?? Number.NaN, smallMs: smallMs ?? Number.NaN };
}

/** What is read in an image of this size: nothing in the smaller ones. */
const readFrom = (root: string, mb: number): string[] =>
  mb === readMb ? [largeFile, smallFiles].map((name) => path.join(root, name)) : [];

async function host(tree: string): Promise<Times> {
  return measure([await staticProgram(program), ...readFrom(tree, readMb)], process.env);
}

/** A container of this driver on this image, measured again and again. */
function container(driver: RootfsDriver, tree: string, mb: number): () => Promise<Times> {
  const bundle = makeBundle(
    path.join(directory, `bundle-${++containers}`),
    [program, ...readFrom("/", mb)],
    driver.prepare(tree),
  );
  const env = { ...process.env, ...driver.env() };
  return async () => measure([runv, "run", "--bundle", bundle, `bench-${process.pid}-${++containers}`], env);
}

type Result = Readonly<Record<string, Times>>;
const of = (results: readonly Result[], name: string, key: keyof Times): number =>
  median(results.map((result) => result[name]?.[key] ?? Number.NaN));
/** The median of the rounds' ratios. */
const ratioOf = (
  results: readonly Result[],
  [name, base]: readonly [string, string],
  key: keyof Times,
): number =>
  median(results.map((result) => (result[name]?.[key] ?? Number.NaN) / (result[base]?.[key] ?? Number.NaN)));

const nameWidth = 46;
const cellWidth = 16;
function row(name: string, cells: readonly string[]): void {
  console.log([name.padEnd(nameWidth), ...cells.map((cell) => cell.padStart(cellWidth))].join(""));
}
const cell = (ms: number, ratio: number): string => `${ms.toFixed(0)} ms (${ratio.toFixed(2)})`;

try {
  const results = new Map<number, Result[]>();
  for (const mb of imageSizesMb) {
    const tree = path.join(directory, `tree-${mb}`);
    await makeTree(tree, mb);
    const sides = Object.fromEntries(
      rootfsDrivers.map((driver) => [driver.name, container(driver, tree, mb)]),
    );
    results.set(
      mb,
      await interleaved(mb === readMb ? { host: async () => host(tree), ...sides } : sides, rounds),
    );
    rmSync(tree, { recursive: true });
  }
  const all = [...results];
  const reads = results.get(readMb) ?? [];
  row(`first process (${baseline} = 1), reading (host = 1)`, [
    ...imageSizesMb.map((mb) => `${mb} MB image`),
    "read 100 MB",
    "5,000 files",
  ]);
  for (const { name } of rootfsDrivers)
    row(name, [
      ...all.map(([, times]) =>
        cell(of(times, name, "firstMs"), ratioOf(times, [name, baseline], "firstMs")),
      ),
      ...(["largeMs", "smallMs"] as const).map((key) =>
        cell(of(reads, name, key), ratioOf(reads, [name, "host"], key)),
      ),
    ]);
  row("host", [
    ...imageSizesMb.map(() => ""),
    ...(["largeMs", "smallMs"] as const).map((key) => cell(of(reads, "host", key), 1)),
  ]);
  const chosen = results.get(comparedMb) ?? [];
  printResult("rootfs", ratioOf(chosen, [compared, baseline], "firstMs"), {
    streamMs: of(chosen, baseline, "firstMs"),
    virtiofsMs: of(chosen, compared, "firstMs"),
    hostReadMs: of(reads, "host", "largeMs"),
  });
} finally {
  rmSync(directory, { recursive: true, force: true });
}
