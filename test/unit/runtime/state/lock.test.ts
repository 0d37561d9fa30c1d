import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { newTicket } from "../../../../runtime/src/shared/process-ticket.ts";
import { tryLock, withContainerLock } from "../../../../runtime/src/state/lock.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "runv-lock-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

// The worker is TypeScript, which Node 20 does not run by itself.
const bun = path.resolve(import.meta.dirname, "../../../../node_modules/.bin/bun");
const lock = () => path.join(directory, "lock");

test("a live holder keeps its lock", () => {
  expect(tryLock(lock(), newTicket())).toBe(true);
  expect(tryLock(lock(), newTicket())).toBe(false);
});

test("a dead holder's lock is taken over, and nothing else is left", () => {
  symlinkSync("4000000-5-1", lock());
  expect(tryLock(lock(), newTicket())).toBe(true);
  expect(readdirSync(directory)).toEqual(["lock"]);
});

test("so is one whose remover died too", () => {
  symlinkSync("4000000-5-1", lock());
  symlinkSync("4000001-6-1", `${lock()}.4000000-5-1`);
  expect(tryLock(lock(), newTicket())).toBe(true);
  expect(readdirSync(directory)).toEqual(["lock"]);
});

test("while a live process removes it, nobody else does", () => {
  symlinkSync("4000000-5-1", lock());
  symlinkSync(newTicket(), `${lock()}.4000000-5-1`);
  expect(tryLock(lock(), newTicket())).toBe(false);
});

test("the lock of a directory that is gone", async () => {
  rmSync(directory, { recursive: true });
  await expect(withContainerLock(directory, "c1", async () => Promise.resolve())).rejects.toMatchObject({
    code: "not-found",
  });
});

// Each worker counts up in a file under the lock until it is killed: a lost count, or two workers inside at once, would show.
test("processes that are killed at any moment never let two in", async () => {
  const worker = path.join(import.meta.dirname, "lock-worker.ts");
  const counter = path.join(directory, "counter");
  writeFileSync(counter, "0");
  const run = async (killAfterTurns: number) => {
    const child = spawn(bun, [worker, directory, counter], { stdio: ["ignore", "pipe", "pipe"] });
    let turns = 0;
    let complaint = "";
    child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
    child.stdout.on("data", (chunk: Buffer) => {
      turns += chunk.length;
      if (turns >= killAfterTurns) child.kill("SIGKILL");
    });
    const [, signal] = (await once(child, "close")) as [number | null, string | null];
    expect([complaint, signal]).toEqual(["", "SIGKILL"]);
    return turns;
  };
  const turns = await Promise.all([run(20), run(40), run(60), run(80), run(100), run(120)]);
  const counted = Number(readFileSync(counter, "utf8"));
  const reported = turns.reduce((sum, count) => sum + count, 0);
  // A worker may be killed between the count and its report: one turn each at most.
  expect(counted - reported).toBeGreaterThanOrEqual(0);
  expect(counted - reported).toBeLessThanOrEqual(6);
});
