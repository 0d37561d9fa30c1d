import { afterEach, describe, test } from "vitest";
import { caseCount } from "../../harness/sample.ts";
import { Bed } from "./bed.ts";
import { type Need, type RuntimeUnderTest, runtimesUnderTest, versionOneGuests } from "./runtimes.ts";

declare module "vitest" {
  interface TaskMeta {
    /** The runtime that the test drives; harness/remarks-reporter.ts counts by it. */
    runtime?: string;
  }
}

export type BedTest = (bed: Bed) => Promise<void>;

export interface SuiteContext {
  readonly runtime: RuntimeUnderTest;
  /** @param need what the runtime has to have; without it the test is skipped with the runtime's reason. */
  readonly test: (name: string, body: BedTest, need?: Need) => void;
  /** One test for each case; `name` and `need` are given the case. */
  readonly each: <Case>(
    cases: readonly Case[],
    name: (value: Case) => string,
    body: (bed: Bed, value: Case) => Promise<void>,
    need?: (value: Case) => Need | undefined,
  ) => void;
}

/** How many tests of a behaviour a runtime goes through, and one that is sampled. */
const tests = caseCount({ sample: 4, full: Number.POSITIVE_INFINITY });
const sampledTests = caseCount({ sample: 1, full: Number.POSITIVE_INFINITY });

/** One behaviour, on every runtime of this run. A bed's leftovers are removed after its test, and must be removable. */
export function ociSuite(behaviour: string, define: (context: SuiteContext) => void): void {
  defineSuite(behaviour, define, runtimesUnderTest);
}

/** One that has to do with cgroups: also on runv with guests whose cgroups are of version 1. */
export function cgroupSuite(behaviour: string, define: (context: SuiteContext) => void): void {
  defineSuite(behaviour, define, [...runtimesUnderTest, ...versionOneGuests]);
}

/** So many of them at most, evenly from the first on. */
function spread<Item>(items: readonly Item[], count: number): readonly Item[] {
  if (items.length <= count) return items;
  const part = (index: number): number => Math.floor((index * count) / items.length);
  return items.filter((_, index) => part(index) !== part(index - 1));
}

function defineSuite(
  behaviour: string,
  define: (context: SuiteContext) => void,
  runtimes: readonly RuntimeUnderTest[],
): void {
  describe.each(runtimes.map((runtime) => [runtime.name, runtime] as const))(
    `${behaviour} (%s)`,
    (_name, runtime) => {
      let bed: Bed | null = null;
      afterEach(async () => {
        await bed?.close();
        bed = null;
      });
      const declared: Parameters<SuiteContext["test"]>[] = [];
      const declare: SuiteContext["test"] = (...args) => void declared.push(args);
      const register: SuiteContext["test"] = (name, body, need) => {
        test(name, { meta: { runtime: runtime.name } }, async (context) => {
          const reason = need === undefined ? undefined : runtime.lacks[need];
          if (reason !== undefined) return context.skip(reason);
          bed = new Bed(runtime);
          await body(bed);
        });
      };
      define({
        runtime,
        test: declare,
        each: (cases, name, body, need) => {
          for (const value of cases)
            declare(name(value), async (opened) => body(opened, value), need?.(value));
        },
      });
      for (const args of spread(declared, runtime.isSampled ? sampledTests : tests)) register(...args);
    },
  );
}
