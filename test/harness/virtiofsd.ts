import { cpSync, existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import path from "node:path";
import { debianPackage } from "../../scripts/lib/debian-package.mjs";
import { cacheDirectory } from "./paths.ts";

const libraries = ["libc6", "libcap-ng0", "libgcc-s1", "libseccomp2"];
const libraryDirectories = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib64", "lib64"];

/**
 * The virtiofsd in Rust, of a newer Debian than the one that this may be, with the libraries that it needs beside it in `lib/`.
 * @returns its path
 */
export function bundledVirtiofsd(): string {
  const directory = path.join(cacheDirectory, "test/virtiofsd");
  const program = path.join(directory, "virtiofsd");
  if (existsSync(program)) return program;
  const temporary = `${directory}.${process.pid}`;
  mkdirSync(path.join(temporary, "lib"), { recursive: true });
  const dereference = { dereference: true };
  cpSync(rootOf("virtiofsd", "usr/libexec/virtiofsd"), path.join(temporary, "virtiofsd"), dereference);
  for (const name of libraries)
    for (const folder of libraryDirectories
      .map((each) => rootOf(name, each))
      .filter((each) => existsSync(each)))
      for (const file of readdirSync(folder).filter((each) => /\.so[.\d]*$/.test(each)))
        cpSync(path.join(folder, file), path.join(temporary, "lib", file), dereference);
  renameSync(temporary, directory);
  return program;
}

function rootOf(name: string, file: string): string {
  return path.join(debianPackage("binary", name), "root", file);
}
