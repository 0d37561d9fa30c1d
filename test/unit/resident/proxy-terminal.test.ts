import { type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ProxySpec } from "../../../runtime/resident/contract/proxy.ts";
import type { Frame, Frames } from "./support/frames.ts";
import { closeGuests, startGuest } from "./support/guest.ts";
import { makeVmDirectory, removeVmDirectories } from "./support/monitor-spec.ts";
import { eventually, isRunning, openDescriptors } from "./support/proc.ts";
import { buildTimeoutMs, quickjsFixture, residentProgram } from "./support/programs.ts";
import { proxySpec } from "./support/proxy-spec.ts";
import { killStartedResidents, startResident } from "./support/resident.ts";

let program = "";
let fixture = "";
beforeAll(() => {
  program = residentProgram("proxy");
  fixture = quickjsFixture("terminal-session");
}, buildTimeoutMs);

const sessions: Session[] = [];
afterEach(async () => {
  for (const session of sessions.splice(0)) session.child.kill("SIGKILL");
  killStartedResidents();
  await closeGuests();
  removeVmDirectories();
});

type Message = Record<string, unknown>;
const stdin = 0;
const stdout = 1;

/** test/fixtures/quickjs/terminal-session.ts */
class Session {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly messages: Message[] = [];

  constructor(...args: readonly string[]) {
    this.child = spawn(fixture, args, { stdio: ["pipe", "pipe", "inherit"] });
    sessions.push(this);
    createInterface({ input: this.child.stdout }).on("line", (line) => {
      this.messages.push(JSON.parse(line) as Message);
    });
  }

  say(command: object): void {
    this.child.stdin.write(`${JSON.stringify(command)}\n`);
  }

  async hears(key: string): Promise<unknown> {
    await eventually(`session says ${key}`, () => this.messages.some((message) => key in message));
    return this.messages.find((message) => key in message)?.[key];
  }

  output(): string {
    return this.messages
      .map((message) => (typeof message["output"] === "string" ? message["output"] : ""))
      .join("");
  }
}

const sizeOf = (frame: Frame): number[] => [frame.payload.readUInt16BE(0), frame.payload.readUInt16BE(2)];
const settingsOf = (tty: string): string => execFileSync("stty", ["-F", tty, "-a"], { encoding: "utf8" });

describe("a console socket", () => {
  const start = async (): Promise<{
    session: Session;
    frames: Frames;
    pid: number;
    ended: Promise<unknown>;
  }> => {
    const directory = makeVmDirectory();
    const guest = await startGuest(`${directory}/vsock.sock`);
    const session = new Session("console", `${directory}/console.sock`);
    await session.hears("listening");
    const terminal = {
      kind: "console-socket",
      path: `${directory}/console.sock`,
      rows: 30,
      columns: 100,
    } as const;
    const proxy = startResident(program, proxySpec(guest.path, { terminal }), {
      stdio: ["pipe", "pipe", "pipe"],
    });
    const { frames } = await guest.nextProcess();
    expect(await proxy.nextEvent()).toEqual({ event: "ready" });
    proxy.commit();
    return { session, frames, pid: proxy.pid, ended: proxy.ended };
  };

  it("gets one master, which carries bytes both ways as they are and tells of resizes", async () => {
    const { session, frames, ended } = await start();
    expect(await session.hears("name")).toMatch(/^\/dev\/pts\/\d+$/);
    expect(await session.hears("descriptors")).toBe(1);
    expect(sizeOf(await frames.next("resize"))).toEqual([30, 100]);
    session.say({ resize: [50, 132] });
    expect(sizeOf(await frames.next("resize"))).toEqual([50, 132]);
    session.say({ type: "ls\r\u0003\u001a" });
    expect((await frames.nextData(stdin))?.toString()).toBe("ls\r\u0003\u001a");
    await frames.sendData(stdout, Buffer.from("a\r\nb\n"));
    await eventually("output", () => session.output() === "a\r\nb\n");
    frames.send("eof", stdout);
    frames.sendExit(9);
    expect(await ended).toEqual({ code: 9, signal: null });
  });

  it("leaves nothing of the caller's stdio open in the proxy", async () => {
    const { pid } = await start();
    const open = openDescriptors(pid);
    expect([0, 1, 2].map((fd) => open.get(fd)?.startsWith("/dev/pts/"))).toEqual([true, true, true]);
    expect([...open.values()].filter((target) => target.startsWith("pipe:"))).toEqual([]);
  });

  it("that closes its master hangs the process up", async () => {
    const { session, frames } = await start();
    await session.hears("name");
    session.say({ close: true });
    expect((await frames.next("signal")).payload.readUInt32BE(0)).toBe(1);
  });

  it("that is not there is an error", async () => {
    const directory = makeVmDirectory();
    const guest = await startGuest(`${directory}/vsock.sock`);
    const terminal = { kind: "console-socket", path: `${directory}/none.sock`, rows: 0, columns: 0 } as const;
    const proxy = startResident(program, proxySpec(guest.path, { terminal }));
    await guest.nextProcess();
    const event = await proxy.nextEvent();
    expect(event).toMatchObject({ event: "failed", code: "unavailable" });
    expect(event?.["message"]).toContain(`console socket ${directory}/none.sock`);
  });
});

describe("an inherited terminal", () => {
  const start = async (): Promise<{
    session: Session;
    frames: Frames;
    tty: string;
    pid: number;
    cooked: string;
  }> => {
    const guest = await startGuest(`${makeVmDirectory()}/vsock.sock`);
    const spec: ProxySpec = proxySpec(guest.path, { terminal: { kind: "inherited" } });
    const session = new Session("own", program, JSON.stringify(spec));
    const tty = String(await session.hears("tty"));
    const cooked = settingsOf(tty);
    const { frames } = await guest.nextProcess();
    await session.hears("event");
    await eventually("raw mode", () => settingsOf(tty).includes("-icanon"));
    return { session, frames, tty, pid: Number(await session.hears("pid")), cooked };
  };

  it("is raw while the process runs, follows its size, and is restored at its end", async () => {
    const { session, frames, tty, cooked } = await start();
    expect(settingsOf(tty)).toMatch(/-isig.*-echo /s);
    expect(sizeOf(await frames.next("resize"))).toEqual([24, 80]);
    session.say({ resize: [40, 120] });
    expect(sizeOf(await frames.next("resize"))).toEqual([40, 120]);
    session.say({ type: "\u0003" });
    expect((await frames.nextData(stdin))?.toString()).toBe("\u0003");
    await frames.sendData(stdout, Buffer.from("x\ny"));
    frames.send("eof", stdout);
    frames.sendExit(0, 2);
    expect(await session.hears("exit")).toEqual({ code: 130, signal: 0 });
    expect(session.output()).toBe("x\ny");
    expect(settingsOf(tty).replace(/rows \d+; columns \d+/, "")).toBe(
      cooked.replace(/rows \d+; columns \d+/, ""),
    );
  });

  it.each([
    ["SIGKILL of the proxy", (pid: number) => process.kill(pid, "SIGKILL"), { code: 0, signal: 9 }],
    [
      "SIGKILL of its whole process group",
      (pid: number) => process.kill(-pid, "SIGKILL"),
      { code: 0, signal: 9 },
    ],
    [
      "the loss of the guest",
      (_pid: number, frames: Frames) => frames.socket.destroy(),
      { code: 137, signal: 0 },
    ],
  ])("is restored after %s", async (_name, end, exit) => {
    const { session, frames, tty, pid, cooked } = await start();
    end(pid, frames);
    expect(await session.hears("exit")).toEqual(exit);
    await eventually("restored", () => settingsOf(tty) === cooked);
    expect(isRunning(pid)).toBe(false);
  });

  it("is made raw again after a stop", async () => {
    const { frames, tty, pid } = await start();
    execFileSync("stty", ["-F", tty, "sane"]);
    process.kill(pid, "SIGCONT");
    expect((await frames.next("signal")).payload.readUInt32BE(0)).toBe(18);
    await eventually("raw again", () => settingsOf(tty).includes("-icanon"));
  });

  it("that is none is an error", async () => {
    const guest = await startGuest(`${makeVmDirectory()}/vsock.sock`);
    const proxy = startResident(program, proxySpec(guest.path, { terminal: { kind: "inherited" } }));
    await guest.nextProcess();
    expect(await proxy.nextEvent()).toMatchObject({ event: "failed", code: "internal" });
  });
});
