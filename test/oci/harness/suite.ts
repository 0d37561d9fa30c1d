import { afterEach, describe, test } from "vitest";
import { Bed } from "./bed.ts";
import { type RuntimeUnderTest, runtimesUnderTest } from "./runtimes.ts";

export type BedTest = (bed: Bed) => Promise<void>;

export interface SuiteContext {
  readonly runtime: RuntimeUnderTest;
  readonly test: (name: string, body: BedTest) => void;
  /** One test for each case; `name` is given the case. */
  readonly each: <Case>(
    cases: readonly Case[],
    name: (value: Case) => string,
    body: (bed: Bed, value: Case) => Promise<void>,
  ) => void;
}

/** One behaviour, on every runtime of this run. A bed's leftovers are removed after its test, and must be removable. */
export function ociSuite(behaviour: string, define: (context: SuiteContext) => void): void {
  describe.each(runtimesUnderTest.map((runtime) => [runtime.name, runtime] as const))(
    `${behaviour} (%s)`,
    (_name, runtime) => {
      let bed: Bed | null = null;
      afterEach(async () => {
        await bed?.close();
        bed = null;
      });
      const declare = (name: string, body: BedTest) => {
        test(name, async () => {
          bed = new Bed(runtime);
          await body(bed);
        });
      };
      define({
        runtime,
        test: declare,
        each: (cases, name, body) => {
          for (const value of cases) declare(name(value), async (opened) => body(opened, value));
        },
      });
    },
  );
}
