import { readFileSync, writeFileSync } from "node:fs";
import { expect } from "vitest";
import type { Terminal } from "../harness/terminal.ts";
import { useTerminals } from "../harness/terminals.ts";
import type { Bed, Change } from "./harness/bed.ts";
import { defaultConfig } from "./harness/config.ts";
import { runProgram } from "./harness/run-program.ts";
import { ociSuite } from "./harness/suite.ts";

const prompt = /\/ # /;
const shellOnTerminal: Change = (config) => {
  config.process.terminal = true;
  config.process.args = ["sh", "-i"];
};

const { listening, running: onTerminal } = useTerminals();

/** Runs a verb whose process keeps its standard streams. @returns its exit status */
async function detached(argv: readonly string[]): Promise<number | null> {
  return (await runProgram(["sh", "-c", 'exec "$@" >/dev/null 2>&1', "sh", ...argv])).status;
}

/** Types until the program in the container sees this size: it is told after it has started. */
async function expectSize(terminal: Terminal, size: string): Promise<void> {
  terminal.type(`until [ "$(stty size)" = "${size}" ]; do :; done; echo si''zed\r`);
  await terminal.expect(/sized\r?\n/);
}

ociSuite("--console-socket", ({ test, runtime: { words } }) => {
  test("create: one descriptor arrives, a terminal of the size that the config says", async (bed) => {
    const id = bed.newId();
    const socket = bed.path("console.sock");
    const terminal = await listening(socket);
    const bundle = bed.bundle((config) => {
      shellOnTerminal(config);
      config.process.consoleSize = { height: 33, width: 111 };
    });
    const create = bed.argv("create", "--bundle", bundle, "--console-socket", socket, id);
    expect(await detached(create)).toBe(0);
    await expect.poll(() => terminal.event("descriptors")).toBe(1);
    await bed.must("start", id);
    await terminal.expect(prompt);
    await expectSize(terminal, "33 111");
    terminal.resize(50, 200);
    await expectSize(terminal, "50 200");
    terminal.type("exit 9\r");
    await expect.poll(async () => bed.statusOf(id)).toBe("stopped");
  });

  test("run --detach: the shell's end hangs the terminal up", async (bed) => {
    const id = bed.newId();
    const socket = bed.path("console.sock");
    const terminal = await listening(socket);
    const flags = ["--detach", "--bundle", bed.bundle(shellOnTerminal), "--console-socket", socket];
    expect(await detached(bed.argv("run", ...flags, id))).toBe(0);
    await terminal.expect(prompt);
    terminal.type("tty\r");
    await terminal.expect(/\/dev\/(pts\/0|console)\r?\n/);
    terminal.type("exit\r");
    await expect.poll(() => terminal.event("hungUp")).toBe(true);
  });

  test("exec --tty --detach: a terminal of its own", async (bed) => {
    const id = await bed.start();
    const socket = bed.path("exec.sock");
    const terminal = await listening(socket);
    const pidFile = bed.path("exec.pid");
    const flags = ["--tty", "--detach", "--console-socket", socket, "--pid-file", pidFile];
    expect(await detached(bed.argv("exec", ...flags, id, "sh", "-i"))).toBe(0);
    expect(readFileSync(pidFile, "utf8")).toMatch(/^\d+$/);
    await terminal.expect(prompt);
    terminal.type("tty\r");
    await terminal.expect(/\/dev\/pts\/\d+\r?\n/);
    terminal.type("exit\r");
    await expect.poll(() => terminal.event("hungUp")).toBe(true);
    expect(await bed.statusOf(id)).toBe("running");
  });

  test("exec --process: the file says that there is a terminal", async (bed) => {
    const id = await bed.start();
    const socket = bed.path("exec.sock");
    const terminal = await listening(socket);
    const file = bed.path("process.json");
    writeFileSync(file, JSON.stringify({ ...defaultConfig().process, terminal: true, args: ["sh", "-i"] }));
    const flags = ["--process", file, "--detach", "--console-socket", socket];
    expect(await detached(bed.argv("exec", ...flags, id))).toBe(0);
    await terminal.expect(prompt);
    terminal.type("exit\r");
    await expect.poll(() => terminal.event("hungUp")).toBe(true);
  });

  test("create without it fails when the process has a terminal", async (bed) => {
    const outcome = await bed.verb(["create", "--bundle", bed.bundle(shellOnTerminal), bed.newId()]);
    expect([outcome.status, outcome.stderr]).toEqual([1, expect.stringMatching(words.terminalWithoutSocket)]);
  });

  const needless = async (bed: Bed) => {
    const flags = ["--bundle", bed.bundle(), "--console-socket", bed.path("console.sock")];
    const outcome = await bed.verb(["create", ...flags, bed.newId()]);
    expect([outcome.status, outcome.stderr]).toEqual([1, expect.stringMatching(words.socketWithoutTerminal)]);
  };
  test("create with it fails when the process has no terminal", needless, "checked-terminal-flags");
});

ociSuite("a terminal in the foreground", ({ test }) => {
  const size = async (bed: Bed) => {
    const terminal = onTerminal(bed.argv("run", "--bundle", bed.bundle(shellOnTerminal), bed.newId()));
    await terminal.expect(prompt);
    await expectSize(terminal, "24 80");
    terminal.type("exit\r");
    await terminal.expect(/verb: 0\r?\n/);
  };
  test("run: it has the size of the caller's", size, "terminal-size");

  test("run: resize, Ctrl-C, job control and status; the terminal is restored", async (bed) => {
    const terminal = onTerminal(bed.argv("run", "--bundle", bed.bundle(shellOnTerminal), bed.newId()));
    const before = await terminal.settings();
    await terminal.expect(prompt);
    terminal.resize(40, 120);
    await expectSize(terminal, "40 120");
    terminal.type("sh -c \"echo sleep''ing; exec sleep 1000000\"\r");
    await terminal.expect(/sleeping\r?\n/);
    terminal.type("\x03");
    await terminal.expect(prompt);
    terminal.type("echo status $?\r");
    await terminal.expect(/status 130\r?\n/);
    terminal.type("sh -c \"echo sleep''ing; exec sleep 1000000\"\r");
    await terminal.expect(/sleeping\r?\n/);
    terminal.type("\x1a");
    await terminal.expect(/Stopped\s+sh -c/);
    terminal.type("exit 42\r");
    terminal.type("exit 42\r");
    await terminal.expect(/verb: 42\r?\n/);
    await expect.poll(async () => terminal.settings()).toBe(before);
  });

  test("exec --tty: its own size and status; the terminal is restored", async (bed) => {
    const id = await bed.start();
    const terminal = onTerminal(bed.argv("exec", "--tty", id, "sh", "-i"));
    const before = await terminal.settings();
    await terminal.expect(prompt);
    await expectSize(terminal, "24 80");
    terminal.type("test -t 0 && test -t 1 && test -t 2 && exit 7\r");
    await terminal.expect(/verb: 7\r?\n/);
    await expect.poll(async () => terminal.settings()).toBe(before);
  });
});
