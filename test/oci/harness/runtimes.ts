import { existsSync } from "node:fs";
import path from "node:path";

/** A runtime that the suite drives as a black box. */
export interface RuntimeUnderTest {
  readonly name: string;
  /** Program and what stands before its global options. */
  readonly command: readonly [string, ...string[]];
  /** runc proves the tests: what it fails is a fault of the test. */
  readonly isReference: boolean;
}

const repository = path.resolve(import.meta.dirname, "../../..");

const known: Readonly<Record<string, RuntimeUnderTest>> = {
  runv: { name: "runv", command: [path.join(repository, "dist/runv")], isReference: false },
  "runv-node": {
    name: "runv-node",
    command: [process.execPath, path.join(repository, "dist/runv.cjs")],
    isReference: false,
  },
  runc: { name: "runc", command: ["runc"], isReference: true },
};

/**
 * The runtimes of this run: RUNV_OCI_RUNTIMES ("runv,runc"; a path for any other), by default runv and, to prove the tests, runc.
 */
export const runtimesUnderTest: readonly RuntimeUnderTest[] = (
  process.env["RUNV_OCI_RUNTIMES"] ?? "runv,runc"
)
  .split(",")
  .map((name) => known[name] ?? { name: path.basename(name), command: [name], isReference: true });

for (const { command } of runtimesUnderTest) {
  for (const part of command) {
    if (path.isAbsolute(part) && !existsSync(part))
      throw new Error(`${part} is missing: npm run build makes it`);
  }
}
