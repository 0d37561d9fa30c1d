import { RunvError } from "@runv/protocol";
import { expect, test } from "vitest";
import {
  pollUntil,
  sleep,
  throwIfAborted,
  withAbortWhen,
  withDeadline,
} from "../../../../runtime/src/shared/deadlines.ts";

const never = async () => new Promise<never>(() => undefined);

test("work that is done in time gives its result", async () => {
  expect(await withDeadline(60_000, "x", null, async () => Promise.resolve(7))).toBe(7);
});

test("a deadline ends even work that does not listen", async () => {
  await expect(withDeadline(5, "boot", null, never)).rejects.toMatchObject({
    code: "timeout",
    message: "boot: not done within 0.005 s",
  });
});

test("the parent's abort comes through with its reason", async () => {
  const parent = new AbortController();
  const work = withDeadline(60_000, "x", parent.signal, async (signal) => sleep(60_000, signal));
  parent.abort(new RunvError("cancelled", "the caller left"));
  await expect(work).rejects.toMatchObject({ code: "cancelled", message: "the caller left" });
});

test("an abort before the start is seen", async () => {
  const aborted = AbortSignal.abort();
  expect(() => throwIfAborted(aborted)).toThrow(RunvError);
  await expect(withDeadline(60_000, "x", aborted, never)).rejects.toMatchObject({ code: "cancelled" });
});

test("the work's own failure is not replaced", async () => {
  const failure = new RunvError("agent", "no");
  await expect(withDeadline(60_000, "x", null, async () => Promise.reject(failure))).rejects.toBe(failure);
});

test("polling ends with the first answer", async () => {
  let tries = 0;
  const answer = await pollUntil(1, AbortSignal.timeout(60_000), () => (++tries === 3 ? "yes" : null));
  expect([answer, tries]).toEqual(["yes", 3]);
});

test("withAbortWhen gives work up as soon as there is a reason, and throws that", async () => {
  const parent = new AbortController().signal;
  const reason = new RunvError("invalid-state", "no longer wanted");
  const watch = (probe: () => RunvError | null) => ({ everyMs: 1, parent, probe });
  const endless = async (signal: AbortSignal) => sleep(60_000, signal);
  await expect(
    withAbortWhen(
      watch(() => reason),
      endless,
    ),
  ).rejects.toBe(reason);
  expect(
    await withAbortWhen(
      watch(() => null),
      async () => Promise.resolve(7),
    ),
  ).toBe(7);
});

test("withAbortWhen ends with its parent", async () => {
  const parent = new AbortController();
  const watch = { everyMs: 60_000, parent: parent.signal, probe: () => null };
  const work = withAbortWhen(watch, async (signal) => sleep(60_000, signal));
  parent.abort();
  await expect(work).rejects.toMatchObject({ code: "cancelled" });
});
