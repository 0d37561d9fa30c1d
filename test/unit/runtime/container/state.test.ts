import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { listContainers } from "../../../../runtime/src/container/list.ts";
import { settledRecord } from "../../../../runtime/src/container/settled-record.ts";
import { containerState, containerStatus } from "../../../../runtime/src/container/state.ts";
import { Logger } from "../../../../runtime/src/shared/log.ts";
import { identifyProcess } from "../../../../runtime/src/shared/process-identity.ts";
import type { ContainerRecord } from "../../../../runtime/src/state/container-record.ts";
import { reserveContainer } from "../../../../runtime/src/state/store.ts";
import { sampleRecord } from "../state/record.ts";

const alive = identifyProcess(process.pid);
const dead = { pid: 4_000_000, startTicks: 1 };
const reused = { pid: process.pid, startTicks: 1 };

const log = new Logger({ file: null, format: "text", debug: false, stderr: () => undefined });

test.each([
  ["creating", { creator: alive, init: null }],
  ["creating", { creator: alive, init: alive }],
  ["stopped", { creator: dead, init: null }],
  ["stopped", { creator: dead, init: alive }],
  ["created", { init: alive }],
  ["running", { init: alive, started: true }],
  ["stopped", { init: dead, started: true }],
  ["stopped", { init: dead }],
  ["stopped", { init: reused, started: true }],
  ["stopped", { init: null }],
] as const)("%s: %j", (status, change) => {
  expect(containerStatus(sampleRecord("c1", change))).toBe(status);
});

test("state and list show runc's fields", async () => {
  const root = mkdtempSync(path.join(tmpdir(), "runv-list-"));
  const context = { root, log, signal: new AbortController().signal };
  reserveContainer(root, sampleRecord("a", { init: alive, started: true }));
  reserveContainer(root, sampleRecord("b"));
  reserveContainer(root, sampleRecord("c"));
  writeFileSync(path.join(root, "c/state.json"), "");
  const running = {
    ociVersion: "1.0.2",
    id: "a",
    pid: process.pid,
    status: "running",
    bundle: "/b",
    rootfs: "/b/rootfs",
    created: "2026-11-20T21:06:55.123Z",
    annotations: { a: "b" },
    owner: "root",
  };
  expect(await containerState("a", context)).toEqual(running);
  const { states, damaged } = await listContainers(context);
  expect(states).toEqual([running, { ...running, id: "b", pid: 0, status: "stopped" }]);
  expect(damaged).toMatchObject([{ id: "c", damage: { code: "internal" } }]);
  rmSync(root, { recursive: true });
});

test("a container whose start was killed counts as running when its guest does not answer", async () => {
  const context = { root: "/nonexistent", log, signal: new AbortController().signal };
  const statusOf = async (change: Partial<ContainerRecord>) =>
    containerStatus(await settledRecord(sampleRecord("c1", change), context));
  expect(await statusOf({ init: alive, starter: dead })).toBe("running");
  expect(await statusOf({ init: alive, starter: alive })).toBe("created");
  expect(await statusOf({ init: dead, starter: dead })).toBe("stopped");
});
