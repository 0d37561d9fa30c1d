import { afterEach, expect, test, vi } from "vitest";
import { caseCount } from "../harness/sample.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

test.each([
  { value: "full", expected: 1000 },
  { value: "sample", expected: 10 },
  { value: undefined, expected: 10 },
])("RUNV_TEST_SAMPLE=$value gives $expected cases", ({ value, expected }) => {
  vi.stubEnv("RUNV_TEST_SAMPLE", value);
  expect(caseCount({ sample: 10, full: 1000 })).toBe(expected);
});
