/** What one test inside the outer guest came to; a line of JSON each in the file of results. */
export interface InnerResult {
  readonly file: string;
  /** With the names of the groups that it is in. */
  readonly name: string;
  readonly state: "passed" | "failed" | "skipped";
  /** Why it was skipped. */
  readonly note: string;
  readonly errors: readonly string[];
  readonly passedWhenTriedAgain: boolean;
}

/** The last line: without it the run did not come to its end. */
interface InnerEnd {
  /** What went wrong outside any test. */
  readonly ended: readonly string[];
}

export type ResultLine = InnerResult | InnerEnd;

/** @throws when the lines do not hold a whole run */
export function parseResults(text: string): InnerResult[] {
  const lines = linesOf(text);
  const end = lines.pop();
  const problems = end?.["ended"];
  if (!Array.isArray(problems))
    throw new Error(`the run inside did not come to its end (${lines.length} tests did)`);
  if (problems.length > 0) throw new Error(`inside, outside any test: ${problems.join("\n")}`);
  return lines.map(parseResult);
}

/** The results of a run that may not have come to its end: what its last line lacks was never written. */
export function parseEndedResults(text: string): InnerResult[] {
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  return linesOf(whole)
    .filter((line) => line["ended"] === undefined)
    .map(parseResult);
}

function linesOf(text: string): Record<string, unknown>[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

function parseResult(line: Record<string, unknown>): InnerResult {
  const { state, errors } = line;
  if (state !== "passed" && state !== "failed" && state !== "skipped")
    throw new Error(`result of a test inside: unknown state: ${String(state)}`);
  return {
    file: String(line["file"]),
    name: String(line["name"]),
    state,
    note: String(line["note"]),
    errors: Array.isArray(errors) ? errors.map(String) : [],
    passedWhenTriedAgain: line["passedWhenTriedAgain"] === true,
  };
}
