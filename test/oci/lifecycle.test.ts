import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

ociSuite("the life of a container", ({ test }) => {
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
    expect((await bed.verb(["state", id])).stderr).toContain("does not exist");
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

ociSuite("verbs on an unknown container", ({ each }) => {
  each(
    [["state"], ["start"], ["kill"], ["delete"], ["ps"], ["exec", "true"]],
    ([verb]) => verb ?? "",
    async (bed, [verb = "", ...rest]) => {
      const outcome = await bed.verb([verb, "oci-no-such-container", ...rest]);
      expect(outcome.stderr).toContain("does not exist");
      expect(outcome.status).toBe(verb === "exec" ? 255 : 1);
    },
  );
});

ociSuite("wrong transitions", ({ test }) => {
  test("a second start", async (bed) => {
    const id = await bed.start();
    const outcome = await bed.verb(["start", id]);
    expect([outcome.status, outcome.stderr]).toEqual([
      1,
      expect.stringContaining("cannot start an already running container"),
    ]);
    expect(await bed.statusOf(id)).toBe("running");
  });

  test("start of a stopped one", async (bed) => {
    const id = await bed.start((config) => (config.process.args = ["true"]));
    await expect.poll(async () => bed.statusOf(id)).toBe("stopped");
    const outcome = await bed.verb(["start", id]);
    expect([outcome.status, outcome.stderr]).toEqual([
      1,
      expect.stringContaining("cannot start a container that has stopped"),
    ]);
  });

  test("delete of a running one", async (bed) => {
    const id = await bed.start();
    const outcome = await bed.verb(["delete", id]);
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/cannot delete container .* that is not stopped: running/);
    expect(await bed.statusOf(id)).toBe("running");
  });

  test("a second container of the same name", async (bed) => {
    const id = await bed.create();
    const outcome = await bed.verb(["create", "--bundle", bed.bundle(), id]);
    expect([outcome.status, outcome.stderr]).toEqual([
      1,
      expect.stringContaining("container with given ID already exists"),
    ]);
    expect(await bed.statusOf(id)).toBe("created");
  });

  test("exec in a stopped one", async (bed) => {
    const id = await bed.start((config) => (config.process.args = ["true"]));
    await expect.poll(async () => bed.statusOf(id)).toBe("stopped");
    const outcome = await bed.verb(["exec", id, "true"]);
    expect([outcome.status, outcome.stderr]).toEqual([
      255,
      expect.stringContaining("cannot exec in a stopped container"),
    ]);
  });
});

ociSuite("names", ({ each }) => {
  each(["a/b", "a b", "..", "ä"], String, async (bed, id) => {
    const outcome = await bed.verb(["create", "--bundle", bed.bundle(), id]);
    expect([outcome.status, outcome.stderr]).toEqual([
      1,
      expect.stringContaining("invalid container ID format"),
    ]);
  });
});
