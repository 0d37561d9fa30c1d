import { execFileSync } from "node:child_process";
import path from "node:path";

const repositoryRoot = path.resolve(import.meta.dirname, "../../../..");
/** RUNV_TEST_SANITIZE=1 runs the same tests on programs built with AddressSanitizer and UndefinedBehaviorSanitizer. */
export const sanitized = process.env["RUNV_TEST_SANITIZE"] === "1";
const distDirectory = path.join(repositoryRoot, sanitized ? "dist/sanitize" : "dist");

/** Cold, this compiles QuickJS and the C module. */
export const buildTimeoutMs = 300_000;

function build(...args: readonly string[]): void {
  const flags = sanitized ? ["--sanitize"] : [];
  execFileSync(process.execPath, ["scripts/build-native.mjs", ...flags, ...args], { cwd: repositoryRoot });
}

export type ResidentProgram = "monitor" | "proxy" | "packer";
const outputs = { monitor: "runv-monitor", proxy: "runv-proxy", packer: "runv-pack" } as const;

/** @returns the path of the program, built from the sources as they are. */
export function residentProgram(name: ResidentProgram): string {
  build(name);
  return path.join(distDirectory, outputs[name]);
}

/** Builds test/fixtures/quickjs/<name>.ts. @returns the path of the executable. */
export function quickjsFixture(name: string): string {
  const output = path.join(distDirectory, `test-${name}`);
  build("--entry", `test/fixtures/quickjs/${name}.ts`, "--output", output);
  return output;
}
