import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import type { Bed } from "./harness/bed.ts";
import { ociSuite } from "./harness/suite.ts";

function bundle(bed: Bed, script: string, options: string[]): string {
  const directory = bed.bundle((config) => {
    config.process.args = ["sh", "-c", script];
    config.mounts.push({ destination: "/data", type: "tmpfs", source: "tmpfs", options });
  });
  const data = path.join(directory, "rootfs/data");
  mkdirSync(path.join(data, "below"), { recursive: true, mode: 0o750 });
  writeFileSync(path.join(data, "file"), "content\n", { mode: 0o640 });
  writeFileSync(path.join(data, "below/other"), "");
  symlinkSync("file", path.join(data, "link"));
  return directory;
}

ociSuite("a tmpfs with tmpcopyup", ({ test }) => {
  test("has what it covers", async (bed) => {
    const script = "cd /data; cat file; readlink link; find . | sort; stat -c '%a %u' file below";
    const { stdout, stderr } = await bed.verb([
      "run",
      "--bundle",
      bundle(bed, script, ["tmpcopyup", "mode=0755"]),
      bed.newId(),
    ]);
    expect([stderr, stdout.split("\n")]).toEqual([
      "",
      ["content", "file", ".", "./below", "./below/other", "./file", "./link", "640 0", "750 0", ""],
    ]);
  });

  test("is a tmpfs, and what is written goes there", async (bed) => {
    const script = "echo new > /data/new && stat -f -c %T /data";
    const directory = bundle(bed, script, ["tmpcopyup"]);
    const { stdout, stderr } = await bed.verb(["run", "--bundle", directory, bed.newId()]);
    expect([stderr, stdout]).toEqual(["", "tmpfs\n"]);
  });

  test("without it is empty", async (bed) => {
    const directory = bundle(bed, "ls -A /data", []);
    const { stdout, stderr } = await bed.verb(["run", "--bundle", directory, bed.newId()]);
    expect([stderr, stdout]).toEqual(["", ""]);
  });
});
