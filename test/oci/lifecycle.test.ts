import { expect } from "vitest";
import type { Bed } from "./harness/bed.ts";
import { ociSuite } from "./harness/suite.ts";

ociSuite("the life of a container", ({ test, runtime: { words } }) => {
  test("created, running, stopped, gone", async (bed) => {
    const id = await bed.create((config) => (config.annotations = { "org.example.a": "b" }));
    const created = await bed.state(id);
    expect(created).toMatchObject({ id, status: "created", annotations: { "org.example.a": "b" } });
    expect(created.pid).toBeGreaterThan(1);
    await bed.must("start", id);
    expect(await bed.state(id)).toMatchObject({ status: "running", pid: created.pid });
    await bed.must("kill", id, "KILL");
    await expect.poll(async () => bed.statusOf(id)).toBe("stopped");
    expect((await bed.state(id)).pid).toBe(0);
    await bed.must("delete", id);
    expect((await bed.verb(["state", id])).stderr).toMatch(words.unknownContainer);
  });

  test("it stops when its process ends", async (bed) => {
    const id = await bed.start((config) => (config.process.args = ["sh", "-c", "exit 5"]));
    await expect.poll(async () => bed.statusOf(id)).toBe("stopped");
  });

  test("nothing runs before start", async (bed) => {
    const id = await bed.create((config) => (config.process.args = ["sh", "-c", "exit 5"]));
    expect(await bed.statusOf(id)).toBe("created");
  });
});

ociSuite("verbs on an unknown container", ({ each, runtime: { words, failureStatuses } }) => {
  each(
    [["state"], ["start"], ["kill"], ["delete"], ["ps"], ["exec", "true"]],
    ([verb]) => verb ?? "",
    async (bed, [verb = "", ...rest]) => {
      const outcome = await bed.verb([verb, "oci-no-such-container", ...rest]);
      expect(outcome.stderr).toMatch(words.unknownContainer);
      expect(outcome.status).toBe(failureStatuses[verb] ?? 1);
    },
  );
});

ociSuite("wrong transitions", ({ test, runtime: { words, failureStatuses } }) => {
  test("a second start", async (bed) => {
    const id = await bed.start();
    const outcome = await bed.verb(["start", id]);
    expect([outcome.status, outcome.stderr]).toEqual([1, expect.stringMatching(words.secondStart)]);
    expect(await bed.statusOf(id)).toBe("running");
  });

  test("start of a stopped one", async (bed) => {
    const id = await bed.start((config) => (config.process.args = ["true"]));
    await expect.poll(async () => bed.statusOf(id)).toBe("stopped");
    const outcome = await bed.verb(["start", id]);
    expect([outcome.status, outcome.stderr]).toEqual([1, expect.stringMatching(words.startOfStopped)]);
  });

  test("delete of a running one", async (bed) => {
    const id = await bed.start();
    const outcome = await bed.verb(["delete", id]);
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(words.deleteOfRunning);
    expect(await bed.statusOf(id)).toBe("running");
  });

  test("a second container of the same name", async (bed) => {
    const id = await bed.create();
    const outcome = await bed.verb(["create", "--bundle", bed.bundle(), id]);
    expect([outcome.status, outcome.stderr]).toEqual([1, expect.stringMatching(words.sameName)]);
    expect(await bed.statusOf(id)).toBe("created");
  });

  test("exec in a stopped one", async (bed) => {
    const id = await bed.start((config) => (config.process.args = ["true"]));
    await expect.poll(async () => bed.statusOf(id)).toBe("stopped");
    const outcome = await bed.verb(["exec", id, "true"]);
    expect([outcome.status, outcome.stderr]).toEqual([
      failureStatuses["exec"] ?? 1,
      expect.stringMatching(words.execInStopped),
    ]);
  });
});

ociSuite("names", ({ each, runtime: { words } }) => {
  const refused = async (bed: Bed, id: string) => {
    const outcome = await bed.verb(["create", "--bundle", bed.bundle(), id]);
    expect([outcome.status, outcome.stderr]).toEqual([1, expect.stringMatching(words.badName)]);
  };
  each(["a/b", "a b", "..", "ä"], String, refused, (id) => (id === "a/b" ? undefined : "checked-names"));
});
