import path from "node:path";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./harness/longest-first.ts";

const repositoryRoot = path.resolve(import.meta.dirname, "..");

/** Real guests boot under emulation on loaded machines: these bound a hang, they assert no speed. */
const unitTimeoutMs = 60_000;
const guestTimeoutMs = 300_000;
/**
 * Other people's programs, an emulator, and processes that race on a busy machine: one more try, and harness/remarks-reporter.ts lists each that
 * needed it.
 */
const retries = 1;

/** Guests that are emulated take a processor each, and the machines that this has to run on have two. Less beside another suite. */
const workers = Number(process.env["RUNV_TEST_WORKERS"] ?? 2);

const suite = (name: string, timeoutMs: number, parallel: boolean, directory = name) => ({
  test: {
    name,
    root: repositoryRoot,
    include: [`test/${directory}/*.test.ts`, `test/${directory}/!(inside)/**/*.test.ts`],
    // What is configured on this machine is none of the tests' business.
    env: { RUNV_CONFIG: "/dev/null" },
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    fileParallelism: parallel,
    ...(parallel ? { maxWorkers: workers } : {}),
    retry: retries,
    // Vitest's own second is shorter than a boot.
    expect: { poll: { timeout: timeoutMs / 2 } },
  },
});

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      suite("unit", unitTimeoutMs, true),
      suite("conformance", guestTimeoutMs, true),
      suite("oci", guestTimeoutMs, true),
      suite("vm", guestTimeoutMs, false),
      suite("callers", guestTimeoutMs, false),
      suite("kvm", guestTimeoutMs, true),
      // What only an outer guest has all of: run by the suite "kvm".
      suite("inside", guestTimeoutMs, false, "kvm/inside"),
    ],
  },
});
