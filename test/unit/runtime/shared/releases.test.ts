import { expect, test } from "vitest";
import { Releases, releasing, rollingBack } from "../../../../runtime/src/shared/releases.ts";

test("things are released in reverse order, and a failure does not stop the rest", async () => {
  const order: string[] = [];
  const releases = new Releases();
  releases.add("a", () => void order.push("a"));
  releases.add("b", async () => Promise.reject(new Error("stuck")));
  releases.add("c", () => void order.push("c"));
  expect(await releases.release()).toMatchObject([{ what: "b", error: { message: "stuck" } }]);
  expect(order).toEqual(["c", "a"]);
  expect(await releases.release()).toEqual([]);
});

test("a rollback keeps what succeeded and releases what failed", async () => {
  const released: string[] = [];
  const reports: string[] = [];
  const report = (sentence: string) => void reports.push(sentence);
  const result = await rollingBack(report, async (releases) => {
    releases.add("kept", () => void released.push("kept"));
    return Promise.resolve(1);
  });
  expect([result, released]).toEqual([1, []]);
  const failure = rollingBack(report, async (releases) => {
    releases.add("dropped", () => void released.push("dropped"));
    releases.add("stuck", async () => Promise.reject(new Error("busy")));
    return Promise.reject(new Error("first"));
  });
  await expect(failure).rejects.toThrow("first");
  expect(released).toEqual(["dropped"]);
  expect(reports).toEqual(["not released: stuck: busy"]);
});

test("releasing releases after success as well", async () => {
  const released: string[] = [];
  await releasing(
    () => undefined,
    async (releases) => {
      releases.add("x", () => void released.push("x"));
      return Promise.resolve();
    },
  );
  expect(released).toEqual(["x"]);
});
