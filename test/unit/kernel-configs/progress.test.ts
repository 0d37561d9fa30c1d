import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const folder = path.resolve(import.meta.dirname, "../../../kernel-configs");
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), "runv-progress-"));
  cpSync(folder, path.join(directory, "kernel-configs"), { recursive: true });
  // Whatever this machine's apt has.
  const answers = { pin: "linux-source-6.1 6.1.192", resolve: "6.1.192-2" };
  const source = `console.log(${JSON.stringify(answers)}[process.argv[2]]);`;
  writeFileSync(path.join(directory, "kernel-configs/source.mjs"), source);
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** Runs build.sh with `compile` in the place of compile.sh: $1 is the partial result's directory, $7 the hash. */
async function build(compile: string) {
  writeFileSync(path.join(directory, "kernel-configs/compile.sh"), `#!/bin/bash\nset -e\n${compile}`, {
    mode: 0o755,
  });
  const child = spawn(
    path.join(directory, "kernel-configs/build.sh"),
    ["--out", path.join(directory, "out")],
    {
      env: {
        PATH: process.env["PATH"],
        RUNV_CACHE_DIR: path.join(directory, "cache"),
        RUNV_KERNEL_REPORT_SECONDS: "0.05",
      },
      stdio: ["ignore", "inherit", "pipe"],
    },
  );
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  // "close" comes when nobody holds the pipe any more: the reporter has ended too.
  const [status] = (await once(child, "close")) as [number | null];
  return { status, stderr };
}

test("a build tells how far it is, and its reporter ends with it", async () => {
  const outputs = ["vmlinux", "bzImage", "config", "System.map", "build-info.json"];
  const { status, stderr } = await build(`
    mkdir "$1/result"; for file in ${outputs.join(" ")}; do echo '{}' > "$1/result/$file"; done
    seq 1300 > "$2/$7.log"; sleep 0.5`);
  expect([status, stderr]).toEqual([0, expect.stringContaining("compiling: 1300 steps, about 50 %\n")]);
  expect(readdirSync(path.join(directory, "out")).sort()).toEqual([...outputs].sort());
  expect(readFileSync(path.join(directory, "out/config"), "utf8")).toBe("{}\n");
});

test("a build that fails fails, and its reporter ends with it", async () => {
  const { status, stderr } = await build(`seq 26 > "$2/$7.log"; sleep 0.5; exit 3`);
  expect([status, stderr]).toEqual([3, expect.stringContaining("compiling: 26 steps, about 1 %\n")]);
});
