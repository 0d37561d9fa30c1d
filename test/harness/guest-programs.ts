import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { busyboxRootfs } from "./bundle.ts";
import { cacheDirectory, repositoryRoot } from "./paths.ts";

const sourceDirectory = path.join(repositoryRoot, "test/fixtures/native");

/** Compiles test/fixtures/native/NAME.c, or NAME/*.c, into a static executable that runs here and in guests. @returns its path */
export async function staticProgram(name: string): Promise<string> {
  const directory = path.join(cacheDirectory, "test");
  mkdirSync(directory, { recursive: true });
  const files = sourceFiles(name);
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file));
  const output = path.join(directory, `${name}-static-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(output)) return output;
  const partial = `${output}.${process.pid}`;
  const sources = files.filter((file) => file.endsWith(".c"));
  await execa("gcc", ["-std=gnu11", "-D_GNU_SOURCE", "-O1", "-static", "-o", partial, ...sources]);
  renameSync(partial, output);
  return output;
}

function sourceFiles(name: string): string[] {
  const folder = path.join(sourceDirectory, name);
  if (!existsSync(folder)) return [`${folder}.c`];
  return readdirSync(folder)
    .sort()
    .map((file) => path.join(folder, file));
}

/** A copy of the busybox root file system at `directory`, with these programs in /usr/bin. */
export async function rootfsWith(directory: string, programs: readonly string[]): Promise<void> {
  await execa("cp", ["-a", busyboxRootfs(), directory]);
  for (const name of programs) cpSync(await staticProgram(name), path.join(directory, "usr/bin", name));
}
