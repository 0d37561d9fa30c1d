import { createHash } from "node:crypto";
import { closeSync, createReadStream, openSync, rmSync } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { expect, test } from "vitest";
import { privateKib } from "../harness/host-processes.ts";
import { eventually, leavesNothing, useRunv } from "../harness/leftovers.ts";
import { randomFile } from "../harness/random-file.ts";
import { exitStatus } from "../harness/runv.ts";
import { caseCount } from "../harness/sample.ts";
import { piecesOf } from "../harness/vm-pieces.ts";

const bytesPerMib = 1_048_576;
const roundTripMib = caseCount({ sample: 16, full: 256 });
/** What monitor and proxy may hold beyond what they held before: buffers, not the stream. */
const maxGrowthKib = 2048;

const runv = useRunv();
let container = "";

test("a container for the other tests", async () => {
  container = await runv().running();
});

test(`${roundTripMib} MiB through stdin and stdout come back as they went`, async () => {
  const file = path.join(runv().directory, "random");
  const expected = randomFile(file, { bytes: roundTripMib * bytesPerMib, times: 1 });
  const child = runv().start(["exec", container, "cat"], ["pipe", "pipe", "inherit"]);
  if (child.stdin === null || child.stdout === null) throw new Error("no pipes");
  const hash = createHash("sha256");
  const [status] = await Promise.all([
    exitStatus(child),
    pipeline(createReadStream(file), child.stdin),
    pipeline(child.stdout, hash),
  ]);
  expect([status, hash.digest("hex")]).toEqual([0, expected]);
  rmSync(file);
});

test("stdout and stderr stay apart and in order", async () => {
  const script = "i=0; while [ $i -lt 1000 ]; do echo out $i; echo err $i >&2; i=$((i + 1)); done";
  const outcome = await runv().run(["exec", container, "sh", "-c", script]);
  const lines = (word: string) => Array.from({ length: 1000 }, (_, index) => `${word} ${index}\n`).join("");
  expect(outcome).toEqual({ status: 0, stdout: lines("out"), stderr: lines("err") });
});

test("the end of stdin reaches the process", async () => {
  const outcome = await runv().run(["exec", container, "sh", "-c", "wc -c; echo ended"], { input: "12345" });
  expect(outcome).toEqual({ status: 0, stdout: "5\nended\n", stderr: "" });
});

test("the end of the output does not wait for stdin", async () => {
  const child = runv().start(["exec", container, "echo", "done"], ["pipe", "pipe", "inherit"]);
  expect(await exitStatus(child)).toBe(0);
  child.stdin?.destroy();
});

test("a reader that stops reading stops the writer, in bounded memory", async () => {
  const { monitor, proxies: before } = piecesOf(runv(), container);
  const monitorKib = privateKib(monitor.pid);
  const counter = "/dev/shm/written";
  const script = `i=0; while dd if=/dev/zero bs=64k count=1 2>/dev/null; do i=$((i + 1)); echo $i >${counter}; done`;
  const child = runv().start(["exec", container, "sh", "-c", script], ["ignore", "pipe", "inherit"]);
  if (child.stdout === null) throw new Error("no pipe");
  const written = async () => Number((await runv().run(["exec", container, "cat", counter])).stdout);
  await eventually(async () => (await written()) > 0, true);
  // The writer has stopped when two looks, a verb apart, find the same.
  let last = -1;
  await eventually(async () => {
    const now = await written();
    const stopped = now === last;
    last = now;
    return stopped;
  }, true);
  expect(last * 64).toBeLessThan(16 * 1024);

  const proxy = piecesOf(runv(), container).proxies.find(
    ({ pid }) => !before.some((other) => other.pid === pid),
  );
  if (proxy === undefined) throw new Error("no proxy of the exec");
  expect(privateKib(monitor.pid) - monitorKib).toBeLessThan(maxGrowthKib);
  expect(privateKib(proxy.pid)).toBeLessThan(maxGrowthKib);

  child.stdout.resume();
  await eventually(async () => (await written()) > last + 1000, true);
  child.kill("SIGKILL");
  await exitStatus(child);
  process.kill(proxy.pid, "SIGKILL");
});

test("a writer whose reader has gone gets SIGPIPE", async () => {
  const file = "/dev/shm/ended";
  const script = `yes >/proc/self/fd/1; echo $? >${file}`;
  const child = runv().start(["exec", container, "sh", "-c", script], ["ignore", "pipe", "ignore"]);
  child.stdout?.once("data", () => child.stdout?.destroy());
  await exitStatus(child);
  expect((await runv().run(["exec", container, "cat", file])).stdout).toBe(`${128 + 13}\n`);
});

test("a reader that was gone before the start costs the process nothing else", async () => {
  const closed = openSync("/dev/null", "r");
  const child = runv().start(
    ["exec", container, "sh", "-c", "echo nobody reads this; exit 7"],
    ["ignore", closed, closed],
  );
  closeSync(closed);
  expect(await exitStatus(child)).toBe(7);
});

leavesNothing(runv);
