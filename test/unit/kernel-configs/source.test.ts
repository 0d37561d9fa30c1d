import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const folder = path.resolve(import.meta.dirname, "../../../kernel-configs");
const pins: unknown = JSON.parse(readFileSync(path.join(folder, "pins.json"), "utf8"));
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), "runv-source-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** Runs `source.mjs resolve` on a machine whose apt offers these versions, newest first. */
function resolve(name: string, ...offered: string[]) {
  const rows = offered.map((version) => `${name} | ${version} | mirror suite/main amd64 Packages`);
  const sources = `linux | 9.9.9-1 | mirror suite/main Sources`;
  writeFileSync(
    path.join(directory, "apt-cache"),
    `#!/bin/sh\n[ "$1 $2" = "madison ${name}" ] && cat <<'END'\n${[...rows, sources].join("\n")}\nEND\n`,
    { mode: 0o755 },
  );
  const PATH = `${directory}:${process.env["PATH"] ?? ""}`;
  const args = [path.join(folder, "source.mjs"), "resolve", name];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    env: { ...process.env, PATH },
  });
  return { status, version: stdout.trim(), stderr };
}

test("the pin is of the series that the tests below assume", () => {
  expect(pins).toMatchObject({ packages: { "linux-source-6.1": { upstreamVersion: "6.1.192" } } });
});

test.each([
  {
    offered: ["6.1.195-1", "6.1.192-2", "6.1.192-1"],
    expected: "6.1.192-2",
    why: "newest revision of the pin",
  },
  { offered: ["6.1.1000-1", "6.1.176-1"], expected: "6.1.1000-1", why: "a later one when the pin is gone" },
])("$expected: $why", ({ offered, expected }) => {
  expect(resolve("linux-source-6.1", ...offered)).toMatchObject({ status: 0, version: expected });
});

test.each([
  { offered: ["6.1.176-1"], why: "earlier than the pin" },
  { offered: ["6.12.107-1"], why: "another series" },
])("a version is refused with what is offered: $why", ({ offered }) => {
  const { status, stderr } = resolve("linux-source-6.1", ...offered);
  expect(status).toBe(1);
  expect(stderr).toContain(`${offered.join(", ")}, pinned is 6.1.192`);
});

test("a package without a pin is taken at its newest", () => {
  expect(resolve("linux-source-6.12", "6.12.117-1~deb12u1", "6.12.115-2").version).toBe("6.12.117-1~deb12u1");
});

test("a package that apt does not know is named", () => {
  expect(resolve("linux-source-6.1")).toMatchObject({ status: 1 });
  expect(resolve("linux-source-6.1").stderr).toContain("no such package: linux-source-6.1");
});
