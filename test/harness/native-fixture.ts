import { mkdirSync } from "node:fs";
import path from "node:path";
import { execa, execaNode } from "execa";
import { beforeAll } from "vitest";

const repositoryRoot = path.resolve(import.meta.dirname, "../..");

/** What a scenario may take before it counts as hung: the largest moves half a GiB through checked builds. */
const scenarioDeadlineMs = 120_000;

/** Cold, this compiles QuickJS, nghttp2 and the C module with sanitizers. */
const buildTimeoutMs = 600_000;

let built: Promise<string> | undefined;

/** Builds test/fixtures/native with sanitizers, unless it is built; the path of the program. */
async function nativeFixture(): Promise<string> {
  built ??= build();
  return built;
}

async function build(): Promise<string> {
  const program = path.join(repositoryRoot, ".cache/test/native-fixture");
  mkdirSync(path.dirname(program), { recursive: true });
  await execaNode({
    cwd: repositoryRoot,
  })`scripts/build-native.mjs --sanitize --entry test/fixtures/native/main.ts --output ${program}`;
  return program;
}

// Before the first test of a file that imports this, so that no test's own deadline pays for a cold build.
beforeAll(async () => {
  await nativeFixture();
}, buildTimeoutMs);

interface Outcome {
  readonly exitCode: number | undefined;
  readonly stderr: string;
  readonly stdout: string;
}

/** Runs a scenario of the fixture program to its end, whatever that is. */
export async function runFixture(scenario: string, ...args: readonly string[]): Promise<Outcome> {
  const program = await nativeFixture();
  const { exitCode, stderr, stdout } = await execa(program, [scenario, ...args], {
    reject: false,
    stdin: "ignore",
    timeout: scenarioDeadlineMs,
  });
  return { exitCode, stderr, stdout };
}

/**
 * The report of a scenario that must succeed: the JSON on its stdout. Sanitizer findings and leaks fail it, as they end
 * the program with another status.
 */
export async function scenario(name: string, ...args: readonly string[]): Promise<unknown> {
  const { exitCode, stderr, stdout } = await runFixture(name, ...args);
  if (exitCode !== 0)
    throw new Error(`scenario ${name}: exit status ${String(exitCode)}\n${stdout}\n${stderr}`);
  return JSON.parse(stdout);
}
