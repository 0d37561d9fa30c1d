import type { Reporter, TestCase } from "vitest/node";

/**
 * Lists what a line of counts hides: every skipped test with its reason, `context.skip("why")` (one without a reason fails the
 * run), and every test that only passed when it was tried again, with what went wrong the first time.
 */
export default class RemarksReporter implements Reporter {
  readonly #lines: string[] = [];
  #withoutReason = 0;

  onTestCaseResult(testCase: TestCase): void {
    const result = testCase.result();
    if (testCase.diagnostic()?.flaky === true) {
      const [first] = result.errors ?? [];
      this.#lines.push(`passed when tried again: ${testCase.fullName}: ${first?.message ?? "no message"}`);
    }
    if (result.state !== "skipped") return;
    if (result.note === undefined) this.#withoutReason += 1;
    this.#lines.push(`skipped: ${testCase.fullName}: ${result.note ?? "NO REASON GIVEN"}`);
  }

  onTestRunEnd(): void {
    for (const line of this.#lines) console.log(line);
    if (this.#withoutReason > 0) {
      console.log(`${this.#withoutReason} tests are skipped without a reason: use context.skip("why")`);
      process.exitCode = 1;
    }
  }
}
