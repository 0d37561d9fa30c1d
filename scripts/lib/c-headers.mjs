import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { debianPackage } from "./debian-package.mjs";
import { cacheDirectory } from "./paths.mjs";

const warnings = ["-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wconversion"];

/** Flags under which each of our C files must compile without a warning; libraries' headers count as system headers. */
export function compilerFlags() {
  const quickjs = path.join(debianPackage("source", "quickjs"), "source");
  const nghttp2 = path.join(debianPackage("source", "nghttp2"), "source/lib/includes");
  const libseccomp = path.join(debianPackage("source", "libseccomp"), "source/include");
  const generated = [versionHeader(nghttp2), seccompHeader(libseccomp)];
  const system = [quickjs, nghttp2, libseccomp, ...generated].flatMap((directory) => ["-isystem", directory]);
  return ["-std=gnu11", "-D_GNU_SOURCE", ...warnings, "-I", "agent/native", ...system];
}

/** nghttp2's configure script makes nghttp2ver.h; the values do not matter for a compile check. */
function versionHeader(nghttp2) {
  const template = readFileSync(path.join(nghttp2, "nghttp2/nghttp2ver.h.in"), "utf8");
  const text = template.replace("@PACKAGE_VERSION@", "0").replace("@PACKAGE_VERSION_NUM@", "0");
  return headerDirectory("check/nghttp2-version", "nghttp2/nghttp2ver.h", text);
}

/** libseccomp's configure script makes seccomp.h, with its version in it. */
function seccompHeader(libseccomp) {
  const template = readFileSync(path.join(libseccomp, "seccomp.h.in"), "utf8");
  return headerDirectory("check/seccomp", "seccomp.h", template.replaceAll(/@VERSION_\w+@/g, "0"));
}

function headerDirectory(name, file, text) {
  const directory = path.join(cacheDirectory, name);
  const header = path.join(directory, file);
  mkdirSync(path.dirname(header), { recursive: true });
  writeFileSync(`${header}.${process.pid}`, text);
  renameSync(`${header}.${process.pid}`, header);
  return directory;
}
