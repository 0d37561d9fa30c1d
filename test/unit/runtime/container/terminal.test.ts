import { expect, test } from "vitest";
import { proxyTerminal } from "../../../../runtime/src/container/terminal.ts";
import type { ProcessSpec } from "../../../../runtime/src/oci/process-spec.ts";

const process: ProcessSpec = {
  terminal: true,
  consoleSize: { rows: 24, columns: 80 },
  user: { uid: 0, gid: 0, additionalGids: [], umask: null },
  args: ["sh"],
  env: [],
  cwd: "/",
  capabilities: null,
  rlimits: [],
  noNewPrivileges: false,
  oomScoreAdj: null,
  scheduler: null,
  ioPriority: null,
  execCpuAffinity: { initial: [], final: [] },
};
const silent = { ...process, terminal: false };

test("a console socket gets the terminal's master, with the size that was asked for", () => {
  const terminal = proxyTerminal(process, { consoleSocket: "/s", foreground: false, stdinIsTerminal: false });
  expect(terminal).toEqual({ kind: "console-socket", path: "/s", rows: 24, columns: 80 });
});

test("in the foreground the process has the verb's own terminal", () => {
  expect(proxyTerminal(process, { consoleSocket: null, foreground: true, stdinIsTerminal: true })).toEqual({
    kind: "inherited",
  });
});

test("without a terminal there is none", () => {
  expect(proxyTerminal(silent, { consoleSocket: null, foreground: true, stdinIsTerminal: true })).toEqual({
    kind: "none",
  });
});

test.each([
  [
    process,
    { consoleSocket: null, foreground: false, stdinIsTerminal: true },
    "without setting console socket",
  ],
  [process, { consoleSocket: "/s", foreground: true, stdinIsTerminal: true }, "cannot use console socket"],
  [silent, { consoleSocket: "/s", foreground: false, stdinIsTerminal: false }, "cannot use console socket"],
  [process, { consoleSocket: null, foreground: true, stdinIsTerminal: false }, "stdin is not a terminal"],
])("what does not fit together is refused", (spec, options, text) => {
  expect(() => proxyTerminal(spec, options)).toThrow(text);
});
