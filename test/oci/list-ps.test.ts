import { expect } from "vitest";
import type { Bed } from "./harness/bed.ts";
import { ociSuite } from "./harness/suite.ts";

ociSuite("ps", ({ test }) => {
  test("json: the pid of state is among the pids", async (bed) => {
    const id = await bed.start();
    const pids = JSON.parse(await bed.must("ps", "--format", "json", id)) as unknown;
    expect(pids).toContain((await bed.state(id)).pid);
  });

  const table = async (bed: Bed) => {
    const lines = (await bed.must("ps", await bed.start())).trimEnd().split("\n");
    expect(lines[0]).toMatch(/^UID +PID +PPID +C +STIME +TTY +TIME +CMD$/);
    expect(lines.slice(1)).toEqual([expect.stringMatching(/sleep 1000$/)]);
  };
  test("table: a header and a line for each process", table, "ps-table");
});

ociSuite("list", ({ test, runtime: { words } }) => {
  test("ids, table and json", async (bed) => {
    const id = await bed.start();
    const state = await bed.state(id);
    expect(await bed.must("list", "--quiet")).toBe(`${id}\n`);
    const [header, line] = (await bed.must("list")).split("\n");
    expect(header).toMatch(words.listHeader);
    expect(line?.split(/ +/).slice(0, 4)).toEqual([id, String(state.pid), "running", state.bundle]);
    expect(JSON.parse(await bed.must("list", "--format", "json"))).toMatchObject([{ id, status: "running" }]);
  });

  test("nothing, in a root that does not exist", async (bed) => {
    expect((await bed.must("list")).trimEnd()).toMatch(words.listHeader);
  });
});

ociSuite("what the binary says about itself", ({ test, runtime: { words } }) => {
  test("--version has a version and the spec's version", async (bed) => {
    const text = await bed.must("--version");
    expect(text).toMatch(/ version \S+\n/);
    expect(text).toMatch(/^spec: 1\.\d+\.\d+/m);
  });

  test("features is JSON", async (bed) => {
    const features = JSON.parse(await bed.must("features")) as unknown;
    expect(features).toMatchObject({
      ociVersionMin: "1.0.0",
      linux: { namespaces: expect.arrayContaining(["pid"]) as unknown },
    });
  });

  test("spec writes a config.json, never over another", async (bed) => {
    const bundle = bed.bundle();
    const outcome = await bed.verb(["spec", "--bundle", bundle]);
    expect([outcome.status, outcome.stderr]).toEqual([1, expect.stringMatching(words.specExists)]);
  });
});
