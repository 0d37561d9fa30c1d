// Which programs there are, and which families of the C module each links. What is not listed is not in the executable.

const everyProgram = [
  "files",
  "paths",
  "descriptors",
  "mounts",
  "processes",
  "credentials",
  "system",
  "sockets",
  "fd_passing",
  "terminals",
  "loop",
  "text",
];

/**
 * @typedef {object} Program
 * @property {string} name
 * @property {string} entry TypeScript, relative to the repository
 * @property {string} output in dist/
 * @property {string[]} families each is a `struct runv_family runv_family_NAME` in this folder
 */

/** @type {Program[]} */
export const programs = [
  {
    name: "agent",
    entry: "agent/src/main.ts",
    output: "runv-agent",
    families: [
      ...everyProgram,
      "run_captured",
      "scheduling",
      "mount_trees",
      "bpf",
      "seccomp",
      "relay",
      "mux",
      "process_io",
      "untar",
      "pack",
      "http2",
    ],
  },
  {
    name: "monitor",
    entry: "runtime/resident/monitor/main.ts",
    output: "runv-monitor",
    families: [...everyProgram, "relay", "mux", "tsc"],
  },
  {
    name: "proxy",
    entry: "runtime/resident/proxy/main.ts",
    output: "runv-proxy",
    families: [...everyProgram, "process_io"],
  },
  {
    name: "packer",
    entry: "runtime/resident/packer/main.ts",
    output: "runv-pack",
    families: [...everyProgram, "pack"],
  },
  {
    name: "hooks",
    entry: "runtime/resident/hooks/main.ts",
    output: "runv-hook",
    families: [...everyProgram, "run_captured"],
  },
];

/** All families, for tests. */
export const everyFamily = [...new Set(programs.flatMap(({ families }) => families))];
