import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { debianPackage } from "./debian-package.mjs";
import { cacheDirectory } from "./paths.mjs";

const warnings = ["-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wconversion"];

/** Flags under which each of our C files must compile without a warning; libraries' headers count as system headers. */
export function compilerFlags() {
  const quickjs = path.join(debianPackage("source", "quickjs"), "source");
  const nghttp2 = path.join(debianPackage("source", "nghttp2"), "source/lib/includes");
  const system = [quickjs, nghttp2, versionHeader(nghttp2)].flatMap((directory) => ["-isystem", directory]);
  return ["-std=gnu11", "-D_GNU_SOURCE", ...warnings, "-I", "agent/native", ...system];
}

/** nghttp2's configure script makes nghttp2ver.h; the values do not matter for a compile check. */
function versionHeader(nghttp2) {
  const directory = path.join(cacheDirectory, "check/nghttp2-version");
  mkdirSync(path.join(directory, "nghttp2"), { recursive: true });
  const template = readFileSync(path.join(nghttp2, "nghttp2/nghttp2ver.h.in"), "utf8");
  const text = template.replace("@PACKAGE_VERSION@", "0").replace("@PACKAGE_VERSION_NUM@", "0");
  const header = path.join(directory, "nghttp2/nghttp2ver.h");
  writeFileSync(`${header}.${process.pid}`, text);
  renameSync(`${header}.${process.pid}`, header);
  return directory;
}
