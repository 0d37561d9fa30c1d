import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { makeVmDirectory, vmDirectory } from "../../../../runtime/src/state/vm-directory.ts";

test("one short directory for each root and id", () => {
  const long = `/${"r".repeat(200)}`;
  const names = [
    vmDirectory(long, "a"),
    vmDirectory(long, "b"),
    vmDirectory("/run/r", "a"),
    vmDirectory("/run", "r/a"),
  ];
  expect(new Set(names).size).toBe(names.length);
  expect(vmDirectory("/run/r/", "a")).toBe(vmDirectory("/run/r", "a"));
  for (const name of names) expect(name.length).toBeLessThan(40);
});

test("it is made empty and private, whatever a predecessor left", () => {
  const parent = mkdtempSync("/tmp/runv-vm-");
  const directory = path.join(parent, "vm");
  mkdirSync(directory);
  writeFileSync(path.join(directory, "left"), "");
  makeVmDirectory(directory);
  expect(readdirSync(directory)).toEqual([]);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  rmSync(parent, { recursive: true });
});
