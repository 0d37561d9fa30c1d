import * as sys from "../sys.ts";

/** What is kept of a line that has no end yet, and told of one. */
const lineMaxLength = 400;

/** Looks for lines by which a process tells that it has failed, although it goes on. */
export class FailureMarks {
  readonly #marks: readonly string[];
  readonly #onFailure: (line: string) => void;
  #line = "";
  #done: boolean;

  /** @param onFailure told of the first such line */
  constructor(marks: readonly string[], onFailure: (line: string) => void) {
    this.#marks = marks;
    this.#onFailure = onFailure;
    this.#done = marks.length === 0;
  }

  /** Takes what the process has written. */
  read(bytes: Uint8Array): void {
    if (this.#done) return;
    const lines = (this.#line + sys.utf8Decode(bytes)).split("\n");
    this.#line = (lines.pop() ?? "").slice(0, lineMaxLength);
    const found = lines.find((line) => this.#marks.some((mark) => line.includes(mark)));
    if (found === undefined) return;
    this.#done = true;
    this.#onFailure(found.replace(/\p{Cc}/gu, "?").slice(0, lineMaxLength));
  }
}
