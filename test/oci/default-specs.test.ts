import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import type { Bed } from "./harness/bed.ts";
import { runProgram } from "./harness/run-program.ts";
import { ociSuite } from "./harness/suite.ts";

const repository = path.resolve(import.meta.dirname, "../..");

/** How each tool's default config.json comes into a bundle, as it is. */
const tools: Readonly<Record<string, (bundle: string) => void>> = {
  "runc spec": (bundle) => execFileSync("runc", ["spec", "--bundle", bundle]),
  "runv spec": (bundle) => execFileSync(path.join(repository, "dist/runv"), ["spec", "--bundle", bundle]),
  "ctr oci spec": (bundle) => {
    writeFileSync(path.join(bundle, "config.json"), execFileSync("ctr", ["oci", "spec"]));
  },
};

ociSuite("the default specs run unmodified", ({ each }) => {
  const run = async (bed: Bed, tool: string) => {
    const bundle = bed.bundle();
    rmSync(path.join(bundle, "config.json"));
    tools[tool]?.(bundle);
    const argv = bed.argv("run", "--bundle", bundle, bed.newId());
    // The specs of runc and runv ask for a terminal: script(1) has one.
    const command = argv.map((word) => `'${word}'`).join(" ");
    const input = "echo $((6 * 7)); exit 7\n";
    const outcome = await runProgram(["script", "-qefc", command, "/dev/null"], { stdin: input });
    expect(outcome.stdout).toMatch(/^42\r?$/m);
    expect(outcome.status).toBe(7);
  };
  // `ctr oci spec` leaves the args to the image.
  each(Object.keys(tools), String, run, (tool) => (tool === "ctr oci spec" ? "no-args" : undefined));
});
