import { expect, test } from "vitest";
import { parseProcessFile } from "../../../../runtime/src/oci/parse-process.ts";

const noWarning = () => undefined;

test("process.json as containerd writes it", () => {
  const process = parseProcessFile(
    {
      terminal: true,
      consoleSize: { height: 24, width: 80 },
      user: { uid: 1000, gid: 100, additionalGids: [5], umask: 63 },
      args: ["id"],
      env: ["A=", "B=c=d"],
      cwd: "/tmp",
    },
    noWarning,
  );
  expect(process).toMatchObject({
    terminal: true,
    consoleSize: { rows: 24, columns: 80 },
    user: { uid: 1000, gid: 100, additionalGids: [5], umask: 63 },
    env: ["A=", "B=c=d"],
    capabilities: null,
  });
});

test("errors name the file", () => {
  expect(() => parseProcessFile({ args: ["x"], cwd: "x" }, noWarning)).toThrow(
    "process.json: cwd: must be an absolute path",
  );
});
