import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { processSpec } from "../harness/bundle.ts";
import { eventually, leavesNothing, leftoversOf, useRunv } from "../harness/leftovers.ts";
import type { Terminal } from "../harness/terminal.ts";
import { useTerminals } from "../harness/terminals.ts";
import { piecesOf } from "../harness/vm-pieces.ts";

const runv = useRunv();
const { listening, running } = useTerminals();
const onTerminal = (args: readonly string[]): Terminal => running(runv().argv(args), runv().env);

const prompt = /\/ # /;

describe("--console-socket", () => {
  test("gets the master of the container's terminal, of the size that the config says; a resize reaches the guest", async () => {
    const id = runv().newId();
    const socket = path.join(runv().directory, "console.sock");
    const terminal = await listening(socket);
    const bundle = runv().bundle({
      args: ["sh", "-i"],
      terminal: true,
      consoleSize: { height: 33, width: 111 },
    });
    const created = await runv().detached(["create", "--bundle", bundle, "--console-socket", socket, id], id);
    expect(created).toMatchObject({ status: 0, stderr: "" });
    await eventually(() => terminal.event("descriptors"), 1);
    expect(terminal.event("received")).toMatch(/^\/dev\/pts\/\d+$/);
    await runv().ok(["start", id]);
    await terminal.expect(prompt);
    terminal.type("tty; stty size\r");
    await terminal.expect(/\/dev\/(pts\/0|console)\r\n33 111\r\n/);
    terminal.resize(50, 200);
    terminal.type("while [ \"$(stty size)\" != '50 200' ]; do :; done; echo resi''zed\r");
    await terminal.expect(/resized\r\n/);
    terminal.type("exit 9\r");
    await eventually(async () => runv().status(id), "stopped");
    await runv().ok(["delete", id]);
  });

  test("works for a detached exec", async () => {
    const id = await runv().running();
    const socket = path.join(runv().directory, "exec.sock");
    const terminal = await listening(socket);
    const file = path.join(runv().directory, "process.json");
    writeFileSync(file, JSON.stringify(processSpec({ args: ["sh", "-i"], terminal: true })));
    const pidFile = path.join(runv().directory, "exec.pid");
    const flags = ["--detach", "--process", file, "--console-socket", socket, "--pid-file", pidFile];
    expect(await runv().detached(["exec", ...flags, id], "exec")).toMatchObject({ status: 0, stderr: "" });
    await terminal.expect(prompt);
    terminal.type("tty\r");
    await terminal.expect(/\/dev\/pts\/\d+\r\n/);
    process.kill(Number(readFileSync(pidFile, "utf8")), "SIGKILL");
    await eventually(() => terminal.event("hungUp"), true);
    await runv().ok(["delete", "--force", id]);
  });
});

describe("a terminal in the foreground", () => {
  test("run: size, resize, Ctrl-C, Ctrl-Z and job control as on any terminal, which is restored at the end", async () => {
    const id = runv().newId();
    const bundle = runv().bundle({ args: ["sh", "-i"], terminal: true });
    const terminal = onTerminal(["run", "--bundle", bundle, id]);
    const before = await terminal.settings();
    await terminal.expect(prompt);
    expect(await terminal.settings()).not.toBe(before);
    terminal.type("stty size\r");
    await terminal.expect(/24 80\r\n/);
    terminal.resize(40, 120);
    terminal.type("while [ \"$(stty size)\" != '40 120' ]; do :; done; echo resi''zed\r");
    await terminal.expect(/resized\r\n/);

    // The program itself says that it runs: before, the key would meet the shell.
    terminal.type("sh -c \"echo sleep''ing; exec sleep 1000000\"\r");
    await terminal.expect(/sleeping\r\n/);
    terminal.type("\x03");
    await terminal.expect(prompt);
    terminal.type("echo status $?\r");
    await terminal.expect(/status 130\r\n/);

    terminal.type("sh -c \"echo sleep''ing; exec sleep 1000000\"\r");
    await terminal.expect(/sleeping\r\n/);
    terminal.type("\x1a");
    await terminal.expect(/Stopped\s+sh -c/);
    terminal.type("bg; jobs\r");
    await terminal.expect(/Running\s+sh -c/);
    terminal.type("fg\r");
    await terminal.expect(/sh -c/);
    terminal.type("\x03");
    await terminal.expect(prompt);

    terminal.type("exit 42\r");
    await terminal.expect(/verb: 42\r\n/);
    expect(await terminal.settings()).toBe(before);
    await eventually(() => leftoversOf(runv(), id), []);
  });

  test("exec: the terminal is restored when the command ends, and when it cannot start", async () => {
    const id = await runv().running();
    for (const [command, status] of [
      ["true", 0],
      ["no-such-command", 255],
    ] as const) {
      const terminal = onTerminal(["exec", "--tty", id, command]);
      const before = await terminal.settings();
      await terminal.expect(new RegExp(`verb: ${status}\r\n`));
      expect(await terminal.settings()).toBe(before);
    }
    await runv().ok(["delete", "--force", id]);
  });

  test.each(["the proxy", "runv", "the VMM"] as const)("is restored after SIGKILL of %s", async (victim) => {
    const id = runv().newId();
    const bundle = runv().bundle({ args: ["sh", "-i"], terminal: true });
    const terminal = onTerminal(["run", "--bundle", bundle, id]);
    const before = await terminal.settings();
    await terminal.expect(prompt);
    const { vmm, proxies } = piecesOf(runv(), id);
    const proxy = proxies.find(({ pid }) => pid > 0);
    const parent = proxy?.parent ?? Number.NaN;
    process.kill(
      victim === "the VMM" ? vmm.pid : victim === "runv" ? parent : await runv().pid(id),
      "SIGKILL",
    );
    await terminal.expect(/verb: 137\r?\n/);
    await eventually(async () => terminal.settings(), before);
    await eventually(async () => (await runv().run(["state", id])).stdout.includes('"running"'), false);
    await runv().ok(["delete", "--force", id]);
  });
});

leavesNothing(runv);
