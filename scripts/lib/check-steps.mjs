const bin = (name) => `node_modules/.bin/${name}`;

/** The checks, slowest first so that two cores stay busy. */
export const checkSteps = [
  { name: "types", command: [bin("tsc"), "--build"] },
];
