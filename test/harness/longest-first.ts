import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Short files, long runs: of two workers, one would otherwise be left with it at the end. */
const longest = ["test/kvm/outer-guest.test.ts"];

/** Vitest's order (larger files first, on a clean clone), but for files whose size says nothing of their duration. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLongest = ({ moduleId }: TestSpecification): boolean =>
      longest.some((name) => moduleId.endsWith(name));
    return [...sorted.filter(isLongest), ...sorted.filter((file) => !isLongest(file))];
  }
}
