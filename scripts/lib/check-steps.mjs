const bin = (name) => `node_modules/.bin/${name}`;
const script = (name, ...args) => [process.execPath, `scripts/${name}.mjs`, ...args];

/** The checks, slowest first so that the cores stay busy. */
export const checkSteps = [
  { name: "lint", command: [bin("eslint"), "--max-warnings=0", "."] },
  { name: "types", command: [bin("tsc"), "--build"] },
  { name: "c", command: script("check-c") },
  {
    name: "imports",
    command: [
      bin("depcruise"),
      "--config",
      ".dependency-cruiser.cjs",
      "agent",
      "runtime",
      "test",
      "scripts",
      "images",
    ],
  },
  { name: "unused", command: [bin("knip"), "--no-progress"] },
  { name: "shell", command: script("check-shell") },
  { name: "generated", command: script("generate", "--check") },
  { name: "format", command: [bin("biome"), "check", "--error-on-warnings", "."] },
];
