/**
 * How many cases of a large set a test goes through: the stated sample in `npm test`, all of them in `npm run test:full`.
 * @param counts `sample` is the number that README.md states; `full` the number the project promises
 */
export function caseCount(counts: { readonly sample: number; readonly full: number }): number {
  return process.env["RUNV_TEST_SAMPLE"] === "full" ? counts.full : counts.sample;
}
