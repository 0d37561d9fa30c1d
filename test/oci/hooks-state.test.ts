import { expect } from "vitest";
import type { HookKind } from "./harness/config.ts";
import { HookLog, scriptHook } from "./harness/hooks.ts";
import { ociSuite } from "./harness/suite.ts";

interface HookState {
  ociVersion: string;
  id: string;
  status: string;
  pid?: number;
  bundle: string;
  annotations?: Record<string, string>;
}

function parse(lines: readonly string[]): HookState[] {
  return lines.map((line) => JSON.parse(line) as HookState);
}

/** A hook's stdin in one line: crun writes it in many. */
const state = "tr -d '\\n'; echo";

ociSuite("hooks read the container's state on stdin", ({ test, each }) => {
  each<[HookKind, string]>(
    [
      ["prestart", "creating|created"],
      ["createRuntime", "creating|created"],
      ["createContainer", "creating|created"],
      ["poststop", "stopped"],
    ],
    ([kind, status]) => `${kind}: ${status}`,
    async (bed, [kind, status]) => {
      const log = new HookLog(bed);
      const outcome = await bed.run((config) => {
        config.hooks = { [kind]: [log.hook(state)] };
        config.annotations = { "org.example.key": "value" };
      });
      expect(outcome).toMatchObject({ status: 0, stderr: "" });
      const [read] = parse(log.lines());
      expect(read?.status).toMatch(new RegExp(`^(${status})$`));
      expect(read?.id).toMatch(/^oci-/);
      expect(read?.bundle).toBe(bed.path("bundle-1"));
      expect(read?.annotations).toMatchObject({ "org.example.key": "value" });
      expect(read?.ociVersion).toMatch(/^1\./);
    },
  );

  test("pid of the runtime's hooks is the container's process on the host", async (bed) => {
    const log = new HookLog(bed);
    const id = await bed.create((config) => {
      config.hooks = { prestart: [log.hook(state)], createRuntime: [log.hook(state)] };
    });
    const { pid } = await bed.state(id);
    expect(parse(log.lines()).map((read) => read.pid)).toEqual([pid, pid]);
  });

  test(
    "poststart: running, with the same pid",
    async (bed) => {
      const log = new HookLog(bed);
      const id = await bed.create((config) => {
        config.hooks = { poststart: [log.hook(state)] };
      });
      expect(log.lines()).toEqual([]);
      await bed.must("start", id);
      const { pid } = await bed.state(id);
      expect(parse(log.lines())).toMatchObject([{ status: "running", pid }]);
    },
    "poststart-at-start",
  );

  test(
    "startContainer: created, and the pid that the container sees",
    async (bed) => {
      const { stdout } = await bed.sh("cat /state", (config) => {
        config.hooks = { startContainer: [scriptHook("tr -d '\\n' > /state")] };
      });
      const [read] = parse([stdout]);
      expect(read?.status).toMatch(/^(created|starting)$/);
      expect(read?.pid).toBe(1);
    },
    "guest-pid-in-state",
  );

  test("poststop: no pid", async (bed) => {
    const log = new HookLog(bed);
    await bed.run((config) => {
      config.hooks = { poststop: [log.hook(state)] };
    });
    expect(parse(log.lines()).map((read) => read.pid ?? 0)).toEqual([0]);
  });
});
