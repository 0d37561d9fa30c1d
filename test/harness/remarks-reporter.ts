import type { Reporter, TestCase } from "vitest/node";

/**
 * Lists what a line of counts hides: how each runtime did, every skipped test with its reason, `context.skip("why")` (one without a reason fails the
 * run), and every test that only passed when it was tried again, with what went wrong the first time. Counts each runtime's tests.
 */
export default class RemarksReporter implements Reporter {
  readonly #lines: string[] = [];
  /** Of the tests that drive a runtime as a black box: how they ended, by runtime. */
  readonly #byRuntime = new Map<string, Record<string, number>>();
  #withoutReason = 0;

  onTestCaseResult(testCase: TestCase): void {
    const result = testCase.result();
    this.#count(testCase.meta().runtime, result.state);
    if (testCase.diagnostic()?.flaky === true) {
      const [first] = result.errors ?? [];
      this.#lines.push(`passed when tried again: ${testCase.fullName}: ${first?.message ?? "no message"}`);
    }
    if (result.state !== "skipped") return;
    if (result.note === undefined) this.#withoutReason += 1;
    this.#lines.push(`skipped: ${testCase.fullName}: ${result.note ?? "NO REASON GIVEN"}`);
  }

  #count(runtime: string | undefined, state: string): void {
    if (runtime === undefined) return;
    const counts = this.#byRuntime.get(runtime) ?? {};
    counts[state] = (counts[state] ?? 0) + 1;
    this.#byRuntime.set(runtime, counts);
  }

  onTestRunEnd(): void {
    for (const line of this.#lines) console.log(line);
    for (const [runtime, { passed = 0, failed = 0, skipped = 0 }] of this.#byRuntime)
      console.log(`on ${runtime}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
    if (this.#withoutReason > 0) {
      console.log(`${this.#withoutReason} tests are skipped without a reason: use context.skip("why")`);
      process.exitCode = 1;
    }
  }
}
