import { expect, test } from "vitest";
import { identifyProcess } from "../../../../runtime/src/shared/process-identity.ts";
import { waitForEnd } from "../../../../runtime/src/shared/process-wait.ts";

const self = identifyProcess(process.pid) ?? { pid: process.pid, startTicks: -1 };

test("a later process with the pid is another one, whose end is not waited for", async () => {
  const earlier = { ...self, startTicks: self.startTicks - 1 };
  expect(await waitForEnd(earlier, 1)).toBe(true);
});

test("who still lives when the time is up has not ended", async () => {
  expect(await waitForEnd(self, 1)).toBe(false);
});

test("who is asked to end does not go on waiting", async () => {
  const asked = AbortSignal.abort(new Error("interrupted"));
  await expect(waitForEnd(self, 600_000, asked)).rejects.toThrow("interrupted");
});
