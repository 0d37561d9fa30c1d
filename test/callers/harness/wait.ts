import { setTimeout as delay } from "node:timers/promises";

const intervalMs = 100;

/** Waits until `missing` names nothing any more. @throws Error with what it named last when `timeoutMs` have passed. */
export async function eventually(
  what: string,
  timeoutMs: number,
  missing: () => Promise<readonly string[]>,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const still = await missing();
    if (still.length === 0) return;
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}: ${still.join("; ")}`);
    await delay(intervalMs);
  }
}
