// How fast a container's stdout reaches /dev/null, beside the same number of bytes over the bare carrier: the same machine and
// vsock device with a guest program that only writes, and without monitor, framing, flow control and proxy.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { BareGuest, bareInitramfs } from "./harness/bare-guest.ts";
import { makeBundle } from "./harness/bundle.ts";
import { rate, receiveRate } from "./harness/carrier.ts";
import { interleaved, median, printResult, printRow, timed } from "./harness/measure.ts";
import { runv } from "./harness/paths.ts";

const goal = 0.5;
const transferBytes = 64 * 1024 * 1024;
const blockBytes = 65_536;
/** A verb that takes longer has stalled. */
const verbTimeoutMs = 120_000;
const directory = mkdtempSync(path.join(tmpdir(), "runv-bench-"));
const id = `bench-${process.pid}`;

async function verb(...args: readonly string[]): Promise<void> {
  const [status] = (await once(
    spawn(runv, args, { stdio: ["ignore", "ignore", "inherit"], timeout: verbTimeoutMs }),
    "exit",
  )) as [unknown];
  if (status !== 0) throw new Error(`runv ${args.join(" ")}: ${String(status)}`);
}

/** An exec that writes nothing costs what an exec costs: the rate is that of the bytes alone. */
async function containerRate(): Promise<number> {
  const exec = async (bytes: number): Promise<number> =>
    timed(async () =>
      verb(
        "exec",
        id,
        "sh",
        "-c",
        `dd if=/dev/zero bs=${blockBytes} count=${bytes / blockBytes} 2>/dev/null`,
      ),
    );
  const startMs = await exec(0);
  return rate(transferBytes, (await exec(transferBytes)) - startMs);
}

const bundle = makeBundle(path.join(directory, "bundle"), ["sleep", "100000"]);
const guest = await BareGuest.boot(directory, await bareInitramfs(directory), true);
try {
  await verb("run", "--detach", "--bundle", bundle, id);
  const rounds = await interleaved({
    container: containerRate,
    bare: async () => receiveRate(guest, transferBytes),
  });
  const ratio = median(rounds.map((round) => round.container / round.bare));
  const containerMbPerS = median(rounds.map((round) => round.container));
  const bareMbPerS = median(rounds.map((round) => round.bare));
  printRow("container stdout to /dev/null", containerMbPerS, "MB/s");
  printRow("bare carrier, guest to host", bareMbPerS, "MB/s");
  printRow("ratio (median of pairs)", ratio, "", `goal >= ${goal}`);
  printResult("stdio", ratio, { containerMbPerS, bareMbPerS });
} finally {
  await verb("delete", "--force", id);
  await guest.stop();
  rmSync(directory, { recursive: true, force: true });
}
