const bin = (name) => `node_modules/.bin/${name}`;

/** The checks, slowest first so that two cores stay busy. */
export const checkSteps = [
  { name: "lint", command: [bin("eslint"), "--max-warnings=0", "."] },
  { name: "types", command: [bin("tsc"), "--build"] },
  {
    name: "imports",
    command: [bin("depcruise"), "--config", ".dependency-cruiser.cjs", "agent", "runtime", "test", "scripts"],
  },
  { name: "unused", command: [bin("knip"), "--no-progress"] },
  { name: "format", command: [bin("biome"), "check", "--error-on-warnings", "."] },
];
