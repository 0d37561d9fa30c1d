// How fast a rootfs reaches the guest, beside the bare carrier (the same machine and vsock device, a guest program that only reads, no
// monitor, no tar, no file system), for one large file and for many small ones.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { BareGuest, bareInitramfs } from "./harness/bare-guest.ts";
import { makeBundle } from "./harness/bundle.ts";
import { rate, sendRate } from "./harness/carrier.ts";
import { interleaved, median, printResult, printRow, timed } from "./harness/measure.ts";
import { repository, runv } from "./harness/paths.ts";

const largeBytes = 200_000_000;
const smallCount = 10_000;
const smallBytes = 1024;
const largeGoal = 0.8;
const smallGoal = 2;
/** A verb that takes longer has stalled. */
const verbTimeoutMs = 120_000;
const directory = mkdtempSync(path.join(tmpdir(), "runv-bench-"));

function makeRootfs(name: string): string {
  const rootfs = path.join(directory, name);
  execFileSync(process.execPath, [path.join(repository, "images/busybox-rootfs.mjs"), rootfs]);
  return rootfs;
}

function addSmallFiles(rootfs: string): void {
  const content = Buffer.alloc(smallBytes, "x");
  for (let index = 0; index < smallCount; index += 1) {
    const folder = path.join(rootfs, "small", `${index % 100}`);
    if (index < 100) mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, `${index}`), content);
  }
}

/** Creates and deletes a container. @returns how long the hand-over took, in ms, by runv's own log */
async function handOverMs(bundle: string): Promise<number> {
  const [log, id] = [path.join(directory, "log.json"), `bench-${process.pid}`];
  rmSync(log, { force: true });
  await succeed(["--debug", "--log", log, "--log-format", "json", "create", "--bundle", bundle, id]);
  await succeed(["delete", "--force", id]);
  for (const line of readFileSync(log, "utf8").trimEnd().split("\n")) {
    const { phase, elapsedMs } = JSON.parse(line) as { phase?: string; elapsedMs?: number };
    if (phase === "rootfs" && elapsedMs !== undefined) return elapsedMs;
  }
  throw new Error("runv's log has no phase rootfs");
}

async function succeed(args: readonly string[]): Promise<void> {
  const child = spawn(runv, args, { stdio: ["ignore", "ignore", "inherit"], timeout: verbTimeoutMs });
  const [status] = (await once(child, "exit")) as [unknown];
  if (status !== 0) throw new Error(`runv ${args.join(" ")}: ${String(status)}`);
}

/** `tar` of a tree into a pipe. @returns how long it took, in ms */
async function tarMs(rootfs: string): Promise<number> {
  return timed(async () => once(spawn("sh", ["-c", 'tar -cf - -C "$0" . | cat >/dev/null', rootfs]), "exit"));
}

const largeRootfs = makeRootfs("large");
writeFileSync(path.join(largeRootfs, "large"), Buffer.alloc(largeBytes, "x"));
const smallRootfs = makeRootfs("small");
addSmallFiles(smallRootfs);
const tarBytes = Number(
  execFileSync("sh", ["-c", 'tar -cf - -C "$0" . | wc -c', smallRootfs], { encoding: "utf8" }),
);
const bundles = {
  large: makeBundle(path.join(directory, "large-bundle"), ["true"], largeRootfs),
  small: makeBundle(path.join(directory, "small-bundle"), ["true"], smallRootfs),
};
const guest = await BareGuest.boot(directory, await bareInitramfs(directory), true);
try {
  const rounds = await interleaved({
    large: async () => rate(largeBytes, await handOverMs(bundles.large)),
    bare: async () => sendRate(guest, largeBytes),
    small: async () => handOverMs(bundles.small),
    tar: async () => tarMs(smallRootfs),
  });
  const ratio = median(rounds.map(({ large, bare }) => large / bare));
  const allowedMs = ({ tar, bare }: { tar: number; bare: number }): number =>
    2 * tar + (1000 * tarBytes) / 1_000_000 / bare;
  const smallRatio = median(rounds.map((round) => round.small / allowedMs(round)));
  const largeMbPerS = median(rounds.map(({ large }) => large));
  const bareMbPerS = median(rounds.map(({ bare }) => bare));
  printRow("hand-over of one file of 200 MB", largeMbPerS, "MB/s");
  printRow("bare carrier, host to guest", bareMbPerS, "MB/s");
  printRow("ratio (median of pairs)", ratio, "", `goal >= ${largeGoal}`);
  printRow(
    `hand-over of ${smallCount} files of ${smallBytes} bytes`,
    median(rounds.map(({ small }) => small)),
    "ms",
  );
  printRow("tar of the same tree to a pipe", median(rounds.map(({ tar }) => tar)), "ms");
  printRow(
    "hand-over / (tar + carrier)",
    smallRatio * smallGoal,
    "",
    `goal <= ${smallGoal}, of tar, plus the carrier`,
  );
  printResult("handover", ratio, { largeMbPerS, bareMbPerS, smallRatio });
} finally {
  await guest.stop();
  rmSync(directory, { recursive: true, force: true });
}
