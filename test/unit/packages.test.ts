import { execFileSync } from "node:child_process";
import path from "node:path";
import * as qemuImg from "qemu-img-ts";
import { beforeAll, expect, test } from "vitest";
import * as vsock from "vsock";

const repositoryRoot = path.resolve(import.meta.dirname, "../..");
const packTimeoutMs = 120_000;

beforeAll(() => {
  execFileSync("npm", ["run", "--silent", "pack"], { cwd: repositoryRoot });
}, packTimeoutMs);

const packages = [
  { name: "vsock", source: vsock },
  { name: "qemu-img-ts", source: qemuImg },
];

test.each(packages)("$name as published exports what its sources export", ({ name, source }) => {
  const script = "import(process.argv[1]).then((module) => console.log(JSON.stringify(Object.keys(module))))";
  const entry = path.join(repositoryRoot, "dist/packages", name, "index.js");
  const output = execFileSync(process.execPath, ["-e", script, entry], { encoding: "utf8" });
  expect(JSON.parse(output)).toEqual(Object.keys(source).sort());
});
