// The C libraries that are linked in, built from Debian's source packages.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { debianPackage } from "../lib/debian-package.mjs";
import { cached, keyOf } from "./cache.mjs";
import { compileLibrary, filesIn } from "./compile.mjs";

/**
 * A library to link: its archive, and the folders for its headers.
 * @typedef {{archive: string, includes: string[]}} Library
 */

/** quickjs-libc.c is left out: its std and os modules are not wanted, runv:sys takes their place. */
const quickjsSources = ["quickjs.c", "libregexp.c", "libunicode.c", "cutils.c", "dtoa.c"];

/**
 * @param {import("./toolchain.mjs").Toolchain} toolchain
 * @returns {Promise<Library>}
 */
export async function quickjs(toolchain) {
  const directory = path.join(debianPackage("source", "quickjs"), "source");
  const version = readFileSync(path.join(directory, "VERSION"), "utf8").trim();
  const archive = await compileLibrary(toolchain, {
    name: "quickjs",
    sources: quickjsSources.map((name) => path.join(directory, name)),
    headers: filesIn(directory, ".h"),
    flags: [`-DCONFIG_VERSION="${version}"`, "-funsigned-char"],
  });
  return { archive, includes: [directory] };
}

/** What nghttp2's configure script would find on any Linux. */
const nghttp2Config = [
  "HAVE_ARPA_INET_H",
  "HAVE_NETINET_IN_H",
  "HAVE_SYS_TIME_H",
  "HAVE_TIME_H",
  "HAVE_CLOCK_GETTIME",
  "HAVE_DECL_CLOCK_MONOTONIC",
  "NGHTTP2_STATICLIB",
].map((name) => `-D${name}=1`);

/**
 * @param {import("./toolchain.mjs").Toolchain} toolchain
 * @returns {Promise<Library>}
 */
export async function nghttp2(toolchain) {
  const directory = path.join(debianPackage("source", "nghttp2"), "source/lib");
  const headers = path.join(directory, "includes");
  const includes = [headers, await nghttp2VersionHeader(headers)];
  const archive = await compileLibrary(toolchain, {
    name: "nghttp2",
    sources: filesIn(directory, ".c"),
    headers: [...filesIn(directory, ".h"), ...filesIn(path.join(headers, "nghttp2"), ".h")],
    flags: [...nghttp2Config, ...includes.flatMap((include) => ["-isystem", include])],
  });
  return { archive, includes };
}

/** nghttp2ver.h is made from a template by nghttp2's configure script, which has the version in it. */
function nghttp2VersionHeader(headers) {
  const configure = readFileSync(path.join(headers, "../../configure.ac"), "utf8");
  const version = /AC_INIT\(\[nghttp2\], \[(\d+\.\d+\.\d+)/.exec(configure)?.[1];
  if (version === undefined) throw new Error("build failed: nghttp2: configure.ac does not say its version");
  const [major, minor, patch] = version.split(".").map(Number);
  const number = `0x${((major << 16) | (minor << 8) | patch).toString(16).padStart(6, "0")}`;
  const text = readFileSync(path.join(headers, "nghttp2/nghttp2ver.h.in"), "utf8")
    .replace("@PACKAGE_VERSION@", version)
    .replace("@PACKAGE_VERSION_NUM@", number);
  return cached("nghttp2-version", keyOf([text]), (target) => {
    mkdirSync(path.join(target, "nghttp2"), { recursive: true });
    writeFileSync(path.join(target, "nghttp2/nghttp2ver.h"), text);
  });
}

/**
 * @param {import("./toolchain.mjs").Toolchain} toolchain
 * @returns {Promise<Library>}
 */
export async function libseccomp(toolchain) {
  const directory = path.join(debianPackage("source", "libseccomp"), "source");
  const templates = path.join(directory, "include");
  const includes = [await libseccompHeaders(directory), templates];
  const sources = path.join(directory, "src");
  const archive = await compileLibrary(toolchain, {
    name: "libseccomp",
    // The rest is a program for its own tests. syscalls.perf.c, gperf's work, is in the source package.
    sources: filesIn(sources, ".c").filter((file) => path.basename(file) !== "arch-syscall-dump.c"),
    headers: [...filesIn(sources, ".h"), ...filesIn(templates, ".h"), ...filesIn(includes[0], ".h")],
    flags: ["-DHAVE_LINUX_SECCOMP_H=1", ...includes.flatMap((include) => ["-isystem", include])],
  });
  return { archive, includes };
}

/** seccomp.h is made from a template by libseccomp's configure script, which has the version in it; configure.h would hold what the flags say. */
function libseccompHeaders(directory) {
  const configure = readFileSync(path.join(directory, "configure.ac"), "utf8");
  const version = /AC_INIT\(\[libseccomp\], \[(\d+)\.(\d+)\.(\d+)\]/.exec(configure);
  if (version === null) throw new Error("build failed: libseccomp: configure.ac does not say its version");
  const [, major, minor, micro] = version;
  const text = readFileSync(path.join(directory, "include/seccomp.h.in"), "utf8")
    .replace("@VERSION_MAJOR@", major)
    .replace("@VERSION_MINOR@", minor)
    .replace("@VERSION_MICRO@", micro);
  return cached("libseccomp-headers", keyOf([text]), (target) => {
    mkdirSync(target, { recursive: true });
    writeFileSync(path.join(target, "seccomp.h"), text);
    writeFileSync(path.join(target, "configure.h"), "");
  });
}
