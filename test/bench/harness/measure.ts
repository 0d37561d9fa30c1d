import { performance } from "node:perf_hooks";

/** Pairs are interleaved, so that a load that comes and goes meets both sides. */
export const pairCount = 10;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[middle - 1 + (sorted.length % 2)], sorted[middle]];
  if (low === undefined || high === undefined) throw new Error("median of nothing");
  return (low + high) / 2;
}

/** @returns how long `work` took, in ms */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Runs every side once a round. The first round warms caches up and does not count. @returns the sides' results, a round each */
export async function interleaved<Side extends string, Result>(
  sides: Readonly<Record<Side, () => Promise<Result>>>,
  rounds = pairCount,
): Promise<Readonly<Record<Side, Result>>[]> {
  const results: Record<Side, Result>[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const result: Partial<Record<Side, Result>> = {};
    for (const side in sides) result[side] = await sides[side]();
    if (round > 0) results.push(result as Record<Side, Result>);
  }
  return results;
}

/** One line of the table. */
export function printRow(what: string, value: number, unit: string, goal = ""): void {
  const number = value.toFixed(value < 10 ? 2 : 1);
  console.log(`${what.padEnd(44)} ${number.padStart(10)} ${unit.padEnd(5)} ${goal}`.trimEnd());
}

/** The last line of a benchmark, for machines. */
export function printResult(name: string, ratio: number, more: Readonly<Record<string, number>> = {}): void {
  const rounded = Object.fromEntries(
    Object.entries({ ratio, ...more }).map(([key, value]) => [key, Number(value.toFixed(3))]),
  );
  console.log(JSON.stringify({ name, ...rounded }));
}
