import { appendFileSync } from "node:fs";
import type { Reporter, SerializedError, TestCase, TestModule, Vitest } from "vitest/node";
import type { ResultLine } from "./results.ts";

const file = process.env["RUNV_INNER_RESULTS"];

/** Inside the outer guest: writes every result as it comes to the file that RUNV_INNER_RESULTS names. */
export default class ResultsReporter implements Reporter {
  #hasPattern = false;

  onInit(vitest: Vitest): void {
    this.#hasPattern = vitest.config.testNamePattern !== undefined;
  }

  onTestCaseResult(testCase: TestCase): void {
    const result = testCase.result();
    if (result.state === "pending") return;
    // Not among the names that were chosen: nobody skipped it.
    if (this.#hasPattern && result.state === "skipped" && result.note === undefined) return;
    append({
      file: testCase.module.relativeModuleId,
      name: testCase.fullName,
      state: result.state,
      note: result.state === "skipped" ? (result.note ?? "") : "",
      errors: (result.errors ?? []).map((error) => error.stack ?? error.message),
      passedWhenTriedAgain: testCase.diagnostic()?.flaky === true,
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const broken = modules.flatMap((module) => [
      ...module.errors(),
      ...[...module.children.allSuites()].flatMap((suite) => suite.errors()),
    ]);
    append({ ended: [...broken, ...unhandled].map((error) => error.stack ?? error.message) });
  }
}

function append(line: ResultLine): void {
  if (file === undefined) throw new Error("RUNV_INNER_RESULTS is not set");
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}
