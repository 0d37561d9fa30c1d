// The compilers: musl for what ships, clang with sanitizers for tests and fuzzers, the machine's own for build tools.
import { cpSync } from "node:fs";
import path from "node:path";
import { cached, keyOf } from "./cache.mjs";
import { run } from "./run.mjs";

const headerRoots = {
  linux: "/usr/include/linux",
  "asm-generic": "/usr/include/asm-generic",
  asm: "/usr/include/x86_64-linux-gnu/asm",
};

/**
 * @typedef {object} Toolchain
 * @property {string} name
 * @property {string} compiler
 * @property {string} version what the compiler says of itself: part of every key
 * @property {string[]} compile flags for every C file
 * @property {string[]} ownCode further flags for our own C files
 * @property {string[]} link
 * @property {boolean} strip
 */

/** musl-gcc knows no kernel headers, and /usr/include would mix in glibc's: a folder with the kernel's alone. */
async function kernelHeaders() {
  const version = await run("dpkg-query", ["-W", "-f", "${Version}", "linux-libc-dev"]);
  return cached("kernel-headers", keyOf([version]), (target) => {
    for (const [name, from] of Object.entries(headerRoots))
      cpSync(from, path.join(target, name), { recursive: true, dereference: true });
  });
}

const common = ["-std=gnu11", "-D_GNU_SOURCE", "-fwrapv", "-ffunction-sections", "-fdata-sections"];

/** @returns {Promise<Toolchain>} static executables that run on any kernel from 2.6.32 on */
async function musl() {
  const [headers, version] = await Promise.all([kernelHeaders(), run("musl-gcc", ["--version"])]);
  return {
    name: "musl",
    compiler: "musl-gcc",
    version,
    compile: [
      ...common,
      "-Os",
      "-g0",
      "-fno-asynchronous-unwind-tables",
      "-fno-unwind-tables",
      "-fstack-protector-strong",
      "-D_FORTIFY_SOURCE=2",
      "-fno-pie",
      "-isystem",
      headers,
    ],
    ownCode: [],
    link: [
      "-static",
      "-no-pie",
      "-Wl,--gc-sections",
      "-Wl,-z,relro,-z,now,-z,noexecstack",
      "-Wl,--build-id=none",
    ],
    strip: true,
  };
}

/** @returns {Promise<Toolchain>} the same program for this machine with every access checked */
async function sanitize() {
  const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
  return {
    name: "sanitize",
    compiler: "clang-14",
    version: await run("clang-14", ["--version"]),
    compile: [...common, "-O1", "-g", "-fno-omit-frame-pointer", "-fsanitize=address"],
    ownCode: ["-DRUNV_SANITIZE=1", ...sanitizers],
    link: [...sanitizers, "-Wl,--gc-sections"],
    strip: false,
  };
}

/** @returns {Promise<Toolchain>} for tools that run during the build */
async function host() {
  return {
    name: "host",
    compiler: "gcc",
    version: await run("gcc", ["--version"]),
    compile: [...common, "-O2", "-g0"],
    ownCode: [],
    link: ["-Wl,--gc-sections"],
    strip: false,
  };
}

export const toolchains = { musl, sanitize, host };
