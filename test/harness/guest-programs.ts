import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { busyboxRootfs } from "./bundle.ts";
import { cacheDirectory, repositoryRoot } from "./paths.ts";

/** Compiles test/fixtures/native/NAME.c into a static executable that runs here and in guests. @returns its path */
export async function staticProgram(name: string): Promise<string> {
  const directory = path.join(cacheDirectory, "test");
  mkdirSync(directory, { recursive: true });
  const source = path.join(repositoryRoot, "test/fixtures/native", `${name}.c`);
  const key = createHash("sha256").update(readFileSync(source)).digest("hex").slice(0, 16);
  const output = path.join(directory, `${name}-static-${key}`);
  if (existsSync(output)) return output;
  const partial = `${output}.${process.pid}`;
  await execa("gcc", ["-std=gnu11", "-D_GNU_SOURCE", "-O1", "-static", "-o", partial, source]);
  renameSync(partial, output);
  return output;
}

/** A copy of the busybox root file system at `directory`, with these programs in /usr/bin. */
export async function rootfsWith(directory: string, programs: readonly string[]): Promise<void> {
  await execa("cp", ["-a", busyboxRootfs(), directory]);
  for (const name of programs) cpSync(await staticProgram(name), path.join(directory, "usr/bin", name));
}
