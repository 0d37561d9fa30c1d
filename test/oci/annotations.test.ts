import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

const annotations = { "org.example.key": "value", "org.example.empty": "", "org.example.ümlaut": "é\n" };

ociSuite("annotations", ({ test }) => {
  test("state shows those of config.json", async (bed) => {
    const id = await bed.create((config) => {
      config.annotations = annotations;
    });
    expect((await bed.state(id)).annotations).toMatchObject(annotations);
  });

  test("and still does when the container has stopped", async (bed) => {
    const id = await bed.start((config) => {
      config.annotations = annotations;
      config.process.args = ["sleep", "1000"];
    });
    await bed.must("kill", id, "KILL");
    await expect.poll(async () => bed.statusOf(id), { timeout: 60_000 }).toBe("stopped");
    expect((await bed.state(id)).annotations).toMatchObject(annotations);
  });
});
