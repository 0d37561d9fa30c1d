import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { Duplex } from "node:stream";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Frames, initialCreditBytes } from "./support/frames.ts";
import { closeGuests, startGuest } from "./support/guest.ts";
import { makeVmDirectory, removeVmDirectories } from "./support/monitor-spec.ts";
import { eventually, openDescriptors, statusField } from "./support/proc.ts";
import { buildTimeoutMs, residentProgram, sanitized } from "./support/programs.ts";
import { proxySpec } from "./support/proxy-spec.ts";
import { killStartedResidents, type Resident, startResident } from "./support/resident.ts";

let program = "";
beforeAll(() => {
  program = residentProgram("proxy");
}, buildTimeoutMs);
const opened: number[] = [];
afterEach(async () => {
  killStartedResidents();
  await closeGuests();
  removeVmDirectories();
  opened.splice(0).forEach(closeSync);
});

function open(path: string, flags: number | string): number {
  const fd = openSync(path, flags);
  opened.push(fd);
  return fd;
}

interface Attached {
  readonly proxy: Resident;
  readonly frames: Frames;
  /** Our ends of the sockets among the descriptors. */
  readonly sockets: readonly Duplex[];
}

/** A proxy whose process has these descriptors from 3 on. */
async function attach(files: readonly (number | "pipe")[]): Promise<Attached> {
  const path = `${makeVmDirectory()}/vsock.sock`;
  const guest = await startGuest(path);
  const proxy = startResident(program, proxySpec(path, { preserved: files.length }), { files });
  const { hello, frames } = await guest.nextProcess();
  expect(hello).toEqual({ version: 2, container: "c1", process: "", preserved: files.length });
  expect(await proxy.nextEvent()).toEqual({ event: "ready" });
  proxy.commit();
  const sockets = proxy.child.stdio.slice(4).filter((stream) => stream instanceof Duplex);
  return { proxy, frames, sockets };
}

async function readAll(stream: Duplex | undefined): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of (stream ?? []) as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function received(frames: Frames, stream: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let data = await frames.nextData(stream); data !== null; data = await frames.nextData(stream))
    chunks.push(data);
  return Buffer.concat(chunks);
}

describe("a preserved descriptor", () => {
  it("that is a file is read from where it is, or written on", async () => {
    const file = `${makeVmDirectory()}/out`;
    writeFileSync(file, "before\n");
    const { proxy, frames } = await attach([open("/etc/passwd", "r"), open(file, "a")]);
    expect(await received(frames, 3)).toEqual(readFileSync("/etc/passwd"));
    await frames.sendData(4, Buffer.from("after\n"));
    frames.send("eof", 4);
    frames.sendExit(4);
    expect((await proxy.ended).code).toBe(4);
    expect(readFileSync(file, "utf8")).toBe("before\nafter\n");
  });

  it("that is a socket carries both directions and the end of each", async () => {
    const { proxy, frames, sockets } = await attach(["pipe", "pipe"]);
    const question = randomBytes(1 << 20);
    sockets[0]?.end(question);
    expect((await received(frames, 3)).equals(question)).toBe(true);
    const answer = randomBytes(1 << 20);
    const reading = readAll(sockets[1]);
    await frames.sendData(4, answer);
    frames.send("eof", 4);
    expect((await reading).equals(answer)).toBe(true);
    frames.sendExit(0);
    expect((await proxy.ended).code).toBe(0);
  });

  it("has had all of its output when the proxy ends", async () => {
    const { proxy, frames, sockets } = await attach(["pipe"]);
    const bytes = randomBytes(initialCreditBytes);
    await frames.sendData(3, bytes);
    frames.sendExit(9);
    expect((await readAll(sockets[0])).equals(bytes)).toBe(true);
    expect((await proxy.ended).code).toBe(9);
  });

  it("that nobody reads does not keep a killed process's proxy", async () => {
    const { proxy, frames } = await attach(["pipe"]);
    for (let credit = frames.creditOf(3); credit > 0; credit = frames.creditOf(3)) {
      await frames.sendData(3, Buffer.alloc(Math.min(credit, 16_384)));
      if (frames.creditOf(3) === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    frames.sendExit(0, 9);
    expect((await proxy.ended).code).toBe(137);
  });

  it("is in nobody's hands but the proxy's, and what was not handed over is closed", async () => {
    const [given, stray] = [open("/etc/passwd", "r"), open("/etc/hostname", "r")];
    const path = `${makeVmDirectory()}/vsock.sock`;
    const guest = await startGuest(path);
    const proxy = startResident(program, proxySpec(path, { preserved: 1 }), { files: [given, stray] });
    await guest.nextProcess();
    await proxy.nextEvent();
    proxy.commit();
    await eventually("descriptor 3 closed", () => !openDescriptors(proxy.pid).has(3));
    const targets = [...openDescriptors(proxy.pid).values()];
    expect(targets).not.toContain(readlinkSync(`/proc/self/fd/${stray}`));
  });
});

describe("a hostile guest", () => {
  it.each([
    ["writes on a stream that it reads", (frames: Frames) => frames.send("data", 3, Buffer.from("x"))],
    ["writes on a stream that there is not", (frames: Frames) => frames.send("data", 5, Buffer.from("x"))],
    ["gives credit for a stream that it writes", (frames: Frames) => frames.giveCredit(4, 1)],
    ["ends a stream twice", (frames: Frames) => frames.send("eof", 4) && frames.send("eof", 4)],
  ])("ends its connection when it %s", async (_name, spoil) => {
    const { proxy, frames } = await attach([open("/dev/zero", "r"), open("/dev/null", "w")]);
    spoil(frames);
    expect(await proxy.ended).toEqual({ code: 137, signal: null });
  });

  it("costs at most a window of memory a stream", async () => {
    const count = 16;
    const { proxy, frames } = await attach(Array.from({ length: count }, () => "pipe" as const));
    const piece = Buffer.alloc(65_536);
    for (let stream = 3; stream < 3 + count; stream++) {
      for (let sent = 0; sent < initialCreditBytes; sent += piece.length) frames.send("data", stream, piece);
    }
    frames.send("resize", 0, Buffer.alloc(4));
    await eventually("all of it has arrived", () => frames.socket.writableLength === 0);
    const peakKib = Number(statusField(proxy.pid, "VmHWM").split(" ")[0]);
    if (!sanitized) expect(peakKib).toBeLessThan(4096 + (2 * count * initialCreditBytes) / 1024);
  });
});

/** A descriptor of a socket that node keeps to itself. */
function descriptorOf(handleOwner: object): number {
  const handle: unknown = Reflect.get(handleOwner, "_handle");
  return typeof handle === "object" && handle !== null ? Number(Reflect.get(handle, "fd")) : -1;
}

async function listener(): Promise<Server> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

describe("what is no stream of bytes is refused", () => {
  const refusal = async (fd: number): Promise<Record<string, unknown> | null> => {
    const spec = proxySpec("/nowhere", { preserved: 2, hold: true });
    const proxy = startResident(program, spec, { files: [open("/dev/null", "r"), fd] });
    const event = await proxy.nextEvent();
    expect((await proxy.ended).code).toBe(1);
    return event;
  };

  it.each([
    ["a directory", "/", "r", /a directory: bind mount it/],
    ["O_PATH", "/etc/passwd", 0o10000000, /O_PATH/],
    ["a file of both directions", "/etc/passwd", "r+", /a file opened for reading and writing/],
    ["a device that is more", "/dev/net/tun", "r", /\/dev\/net\/tun is more than bytes/],
  ] as const)("%s", async (_name, path, flags, words) => {
    const event = await refusal(open(path, flags));
    expect(event).toMatchObject({ event: "failed", code: "unsupported" });
    expect(event?.["message"]).toMatch(/^preserved descriptor 4: /);
    expect(event?.["message"]).toMatch(words);
  });

  it("a listening socket", async () => {
    const server = await listener();
    const event = await refusal(descriptorOf(server));
    server.close();
    expect(event?.["message"]).toMatch(/^preserved descriptor 4: a listening socket/);
  });

  it("a socket of datagrams", async () => {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    const event = await refusal(descriptorOf(socket));
    socket.close();
    expect(event?.["message"]).toMatch(/^preserved descriptor 4: a socket of messages/);
  });

  it("an anonymous inode", async () => {
    const epoll = Array.from({ length: 64 }, (_, fd) => fd).find(isEpoll);
    const event = await refusal(epoll ?? -1);
    expect(event?.["message"]).toMatch(
      /^preserved descriptor 4: not open, or no stream of bytes: anon_inode/,
    );
  });

  it("is told what can be done with the others, while it is held", async () => {
    const path = `${makeVmDirectory()}/vsock.sock`;
    const files = [
      open("/etc/passwd", "r"),
      open("/dev/null", "w"),
      open("/dev/null", "r+"),
      "pipe",
    ] as const;
    const proxy = startResident(program, proxySpec(path, { preserved: 4, hold: true }), { files });
    const accesses = ["read", "write", "read-write", "read-write"];
    expect(await proxy.nextEvent()).toEqual({ event: "held", preserved: accesses });
    proxy.abandon();
    await proxy.ended;
  });
});

function isEpoll(fd: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) === "anon_inode:[eventpoll]";
  } catch {
    return false;
  }
}
