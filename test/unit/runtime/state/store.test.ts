import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ContainerRecord, recordVersion } from "../../../../runtime/src/state/container-record.ts";
import {
  changeContainer,
  forgetContainer,
  isStillOf,
  listRecords,
  loadContainer,
  reserveContainer,
} from "../../../../runtime/src/state/store.ts";
import { sampleRecord } from "./record.ts";

let root: string;
beforeEach(() => {
  root = path.join(mkdtempSync(path.join(tmpdir(), "runv-state-")), "deep/root");
});
afterEach(() => rmSync(path.resolve(root, "../.."), { recursive: true }));

const statePath = (id: string) => path.join(root, id, "state.json");

test("what was reserved is loaded", () => {
  reserveContainer(root, sampleRecord("c1"));
  expect(loadContainer(root, "c1")).toEqual(sampleRecord("c1"));
  expect(readdirSync(root)).toEqual(["c1"]);
});

test("an id is taken once", () => {
  reserveContainer(root, sampleRecord("c1"));
  expect(() => reserveContainer(root, sampleRecord("c1", { bundle: "/other" }))).toThrow(
    expect.objectContaining({
      code: "already-exists",
      message: "container with given ID already exists",
    }) as Error,
  );
  expect(loadContainer(root, "c1").bundle).toBe("/b");
  expect(readdirSync(root)).toEqual(["c1"]);
});

test("an id is one container's until it is forgotten, and then whose it is next", () => {
  const [first, next] = ["2026-11-20T21:06:55.123Z", "2026-11-20T21:06:55.124Z"].map((created) =>
    sampleRecord("c1", { created }),
  ) as [ContainerRecord, ContainerRecord];
  const holders = (): readonly boolean[] => [first, next].map((record) => isStillOf(record, root));
  expect(holders()).toEqual([false, false]);
  reserveContainer(root, first);
  expect(holders()).toEqual([true, false]);
  forgetContainer(root, "c1");
  reserveContainer(root, next);
  expect(holders()).toEqual([false, true]);
  writeFileSync(statePath("c1"), "{");
  expect(holders()).toEqual([true, true]);
});

test("the longest id", () => {
  const id = "x".repeat(255);
  reserveContainer(root, sampleRecord(id));
  forgetContainer(root, id);
  expect(readdirSync(root)).toEqual([]);
});

test("an unknown container does not exist", async () => {
  const missing = { code: "not-found", message: "container does not exist" };
  expect(() => loadContainer(root, "c1")).toThrow(expect.objectContaining(missing) as Error);
  await expect(changeContainer(root, "c1", async () => Promise.resolve(null))).rejects.toMatchObject(missing);
  expect(listRecords(root)).toEqual([]);
  forgetContainer(root, "c1");
});

test("an id is never a path", () => {
  expect(() => loadContainer(root, "../etc")).toThrow("invalid container ID format");
});

test("a change is written, and nothing else is left", async () => {
  reserveContainer(root, sampleRecord("c1"));
  await changeContainer(root, "c1", async (record) => Promise.resolve({ ...record, started: true }));
  expect(loadContainer(root, "c1").started).toBe(true);
  expect(readdirSync(path.join(root, "c1"))).toEqual(["state.json"]);
});

test("a change that fails leaves the record and the lock as they were", async () => {
  reserveContainer(root, sampleRecord("c1"));
  await expect(changeContainer(root, "c1", async () => Promise.reject(new Error("no")))).rejects.toThrow(
    "no",
  );
  expect(loadContainer(root, "c1")).toEqual(sampleRecord("c1"));
  expect(readdirSync(path.join(root, "c1"))).toEqual(["state.json"]);
});

test("a container may be forgotten under its own lock", async () => {
  reserveContainer(root, sampleRecord("c1"));
  await changeContainer(root, "c1", async () => {
    forgetContainer(root, "c1");
    return Promise.resolve(null);
  });
  expect(existsSync(path.join(root, "c1"))).toBe(false);
});

test("changes take turns", async () => {
  reserveContainer(root, sampleRecord("c1", { annotations: { count: "0" } }));
  const change = async () =>
    changeContainer(root, "c1", async (record) => {
      const count = Number(record.annotations["count"]);
      await new Promise((resolve) => setImmediate(resolve));
      return { ...record, annotations: { count: String(count + 1) } };
    });
  await Promise.all(Array.from({ length: 20 }, change));
  expect(loadContainer(root, "c1").annotations).toEqual({ count: "20" });
});

test("damaged containers are listed beside the others", () => {
  for (const id of ["a", "b", "c", "d"]) reserveContainer(root, sampleRecord(id));
  writeFileSync(statePath("a"), "{");
  rmSync(statePath("b"));
  writeFileSync(statePath("c"), readFileSync(statePath("d")));
  writeFileSync(path.join(root, "a-file"), "");
  const listed = listRecords(root);
  expect(
    listed.map((entry) => ("record" in entry ? entry.record.id : `${entry.id}: ${entry.damage.message}`)),
  ).toEqual([
    expect.stringMatching(/^a: state of a: not valid JSON/),
    expect.stringMatching(/^b: state of b: cannot be read: ENOENT/),
    expect.stringMatching(/^c: state of c: id: belongs to another container: "d"/),
    "d",
  ]);
  forgetContainer(root, "b");
  expect(existsSync(path.join(root, "b"))).toBe(false);
});

test.each([
  [2, "a newer runv (version 2, this runv reads 1)"],
  [0, "an older runv (version 0, this runv reads 1)"],
])("a record of version %i is left alone", (version, sentence) => {
  reserveContainer(root, sampleRecord("c1"));
  const text = JSON.stringify({ version, unknown: true });
  writeFileSync(statePath("c1"), text);
  expect(() => loadContainer(root, "c1")).toThrow(
    expect.objectContaining({
      code: "version-mismatch",
      message: expect.stringContaining(sentence) as string,
    }) as Error,
  );
  expect(readFileSync(statePath("c1"), "utf8")).toBe(text);
});

test("what a killed verb left is swept with the next reservation, what a live one is at is not", () => {
  mkdirSync(path.join(root, "~4000000-5-1"), { recursive: true });
  mkdirSync(path.join(root, "c1"));
  reserveContainer(root, sampleRecord("c1"));
  expect(readdirSync(root)).toEqual(["c1"]);
});

test("a list holds what stays, while others come and go", async () => {
  reserveContainer(root, sampleRecord("stays"));
  const script = 'while :; do mkdir "$0/goes" && rmdir "$0/goes"; done';
  const neighbour = spawn("sh", ["-c", script, root], { stdio: ["ignore", "pipe", "ignore"] });
  neighbour.stdout.resume();
  try {
    for (let round = 0; round < 300; round++) {
      const listed = listRecords(root).flatMap((entry) => ("record" in entry ? [entry.record.id] : []));
      expect(listed).toEqual(["stays"]);
      if (round % 20 === 0) await new Promise(setImmediate);
    }
  } finally {
    neighbour.kill("SIGKILL");
    // With what it had just started.
    await once(neighbour, "close");
  }
});

test("a record names no directory but a VM's for removal", () => {
  reserveContainer(root, sampleRecord("c1"));
  for (const vmDirectory of ["/etc", "/run/runv/vm", "/run/runv/vm/../../etc", "/run/runv/vm/x"]) {
    writeFileSync(
      statePath("c1"),
      JSON.stringify({ version: recordVersion, ...sampleRecord("c1", { vmDirectory }) }),
    );
    expect(() => loadContainer(root, "c1")).toThrow(
      expect.objectContaining({
        code: "internal",
        message: expect.stringMatching(/vmDirectory.*virtual machine/) as string,
      }),
    );
  }
});

test("a full disk is an error that says so, and the record before it stays", async () => {
  mkdirSync(root, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=16k", "none", root]);
  try {
    reserveContainer(root, sampleRecord("c1"));
    const big = sampleRecord("c1", { annotations: { big: "x".repeat(100_000) } });
    await expect(changeContainer(root, "c1", async () => Promise.resolve(big))).rejects.toMatchObject({
      code: "resource-exhausted",
      message: expect.stringMatching(/^state: cannot be written: .*ENOSPC/) as string,
    });
    expect(loadContainer(root, "c1")).toEqual(sampleRecord("c1"));
    expect(readdirSync(path.join(root, "c1"))).toEqual(["state.json"]);
    expect(() => reserveContainer(root, { ...big, id: "c2" })).toThrow(
      expect.objectContaining({ code: "resource-exhausted" }),
    );
    expect(readdirSync(root)).toEqual(["c1"]);
  } finally {
    execFileSync("umount", [root]);
  }
});

test("a record with integers beyond those of its driver can be changed", async () => {
  reserveContainer(root, sampleRecord("c1", { vm: { pid: 1 } }));
  const text = readFileSync(statePath("c1"), "utf8");
  writeFileSync(statePath("c1"), text.replace('"pid":1', '"pid":18446744073709551615'));
  await changeContainer(root, "c1", async (record) => Promise.resolve({ ...record, started: true }));
  expect(loadContainer(root, "c1").started).toBe(true);
});
