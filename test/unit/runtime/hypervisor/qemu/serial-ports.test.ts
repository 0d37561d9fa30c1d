import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { serialPortProblem } from "../../../../../runtime/src/hypervisor/qemu/serial-ports.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "runv-ports-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const problemWith = (config: string): string | null => {
  writeFileSync(path.join(directory, "config"), config);
  return serialPortProblem(path.join(directory, "vmlinux"));
};

test("a kernel with one serial port cannot have a carrier beside its console", () => {
  expect(problemWith("CONFIG_A=y\nCONFIG_SERIAL_8250_NR_UARTS=1\n")).toContain("has 1 serial port");
});

test("one with more can, and of one without a config nothing is known", () => {
  expect(problemWith("CONFIG_SERIAL_8250_NR_UARTS=4\n")).toBeNull();
  expect(problemWith("")).toBeNull();
  expect(serialPortProblem("/nowhere/vmlinux")).toBeNull();
});
