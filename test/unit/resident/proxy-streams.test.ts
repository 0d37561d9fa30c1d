import { createHash, type Hash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ProxySpec } from "../../../runtime/resident/contract/proxy.ts";
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
afterEach(async () => {
  killStartedResidents();
  await closeGuests();
  removeVmDirectories();
});

const stdin = 0;
const stdout = 1;
const stderr = 2;

interface Attached {
  readonly proxy: Resident;
  readonly frames: Frames;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

async function attach(more: Partial<ProxySpec> = {}): Promise<Attached> {
  const path = `${makeVmDirectory()}/vsock.sock`;
  const guest = await startGuest(path);
  const proxy = startResident(program, proxySpec(path, more), { stdio: ["pipe", "pipe", "pipe"] });
  const { hello, frames } = await guest.nextProcess();
  expect(hello).toEqual({ version: 1, container: "c1", process: more.process ?? "" });
  expect(await proxy.nextEvent()).toEqual({ event: "ready" });
  proxy.commit();
  const [childStdin, childStdout, childStderr] = proxy.child.stdio;
  if (childStdin === null || childStdout === null || childStderr === null) throw new Error("no pipes");
  childStdin.on("error", () => undefined);
  return { proxy, frames, stdin: childStdin, stdout: childStdout, stderr: childStderr };
}

async function readAll(stream: Readable, hash?: Hash): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (hash === undefined) chunks.push(chunk);
    else hash.update(chunk);
  }
  return Buffer.concat(chunks);
}

function endOutputs(frames: Frames, exitCode = 0, signal = 0): void {
  frames.send("eof", stdout);
  frames.send("eof", stderr);
  frames.sendExit(exitCode, signal);
}

describe("the exit status", () => {
  it.each([
    ["0", 0, 0, 0],
    ["42", 42, 0, 42],
    ["255", 255, 0, 255],
    ["SIGKILL", 0, 9, 137],
    ["SIGTERM", 0, 15, 143],
  ])("is the guest process's: %s", async (_name, exitCode, signal, status) => {
    const { proxy, frames } = await attach({ process: "exec-1" });
    endOutputs(frames, exitCode, signal);
    expect(await proxy.ended).toEqual({ code: status, signal: null });
  });

  it.each([
    ["the guest closes", (frames: Frames) => frames.socket.destroy()],
    ["the guest talks nonsense", (frames: Frames) => frames.socket.write(randomBytes(64).fill(0xff))],
    [
      "the guest sends more than its credit",
      async (frames: Frames) => {
        await useUpCredit(frames);
        frames.send("data", stdout, Buffer.alloc(1));
      },
    ],
  ])("is 137 when %s", async (_name, spoil) => {
    const { proxy, frames } = await attach();
    await spoil(frames);
    expect(await proxy.ended).toEqual({ code: 137, signal: null });
  });

  it("comes after the last byte of output", async () => {
    const { proxy, frames, stdout: output } = await attach();
    const bytes = randomBytes(initialCreditBytes);
    await frames.sendData(stdout, bytes);
    endOutputs(frames, 7);
    frames.socket.end();
    expect((await readAll(output)).equals(bytes)).toBe(true);
    expect(await proxy.ended).toEqual({ code: 7, signal: null });
  });

  it("does not wait for an end of output that the guest forgot", async () => {
    const { proxy, frames, stdout: output } = await attach();
    await frames.sendData(stdout, Buffer.from("all of it"));
    frames.sendExit(6);
    expect((await readAll(output)).toString()).toBe("all of it");
    expect(await proxy.ended).toEqual({ code: 6, signal: null });
  });

  it("is the first that a hostile guest tells", async () => {
    const { proxy, frames, stdout: output } = await attach();
    await useUpCredit(frames);
    frames.sendExit(5);
    for (let again = 0; again < 1000; again++) frames.sendExit(6);
    endOutputs(frames, 7);
    await eventually("all of it has arrived", () => frames.socket.writableLength === 0);
    await readAll(output);
    expect(await proxy.ended).toEqual({ code: 5, signal: null });
  });

  it("does not wait for a reader that has stopped when the process was killed", async () => {
    const { proxy, frames } = await attach();
    await useUpCredit(frames);
    endOutputs(frames, 0, 9);
    expect(await proxy.ended).toEqual({ code: 137, signal: null });
  });

  it("does not wait for one after an ordinary end when a signal comes", async () => {
    const { proxy, frames } = await attach();
    await useUpCredit(frames);
    endOutputs(frames, 5);
    const signals = setInterval(() => process.kill(proxy.pid, "SIGTERM"), 50);
    proxy.child.on("exit", () => clearInterval(signals));
    expect(await proxy.ended).toEqual({ code: 5, signal: null });
  });
});

/** Sends output that nobody reads until there is no credit left. */
async function useUpCredit(frames: Frames): Promise<number> {
  let sent = 0;
  const piece = Buffer.alloc(16_384);
  while (frames.creditOf(stdout) > 0) {
    await frames.sendData(stdout, piece.subarray(0, frames.creditOf(stdout)));
    sent += piece.length;
    if (frames.creditOf(stdout) === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return sent;
}

describe("the streams", () => {
  it("carry stdin, its end, and the two outputs apart", async () => {
    const { proxy, frames, ...streams } = await attach();
    streams.stdin.end("question");
    expect((await frames.nextData(stdin))?.toString()).toBe("question");
    expect(await frames.nextData(stdin)).toBeNull();
    await frames.sendData(stderr, Buffer.from("error"));
    await frames.sendData(stdout, Buffer.from("answer"));
    endOutputs(frames);
    expect((await readAll(streams.stdout)).toString()).toBe("answer");
    expect((await readAll(streams.stderr)).toString()).toBe("error");
    expect((await proxy.ended).code).toBe(0);
  });

  it("carry 256 MiB in and back, in bounded memory", async () => {
    const total = sanitized ? 16 << 20 : 256 << 20;
    const { proxy, frames, ...streams } = await attach();
    const sent = createHash("sha256");
    const received = createHash("sha256");
    const feeding = feed(streams.stdin, sent, total);
    const reading = readAll(streams.stdout, received);
    for (let data = await frames.nextData(stdin); data !== null; data = await frames.nextData(stdin)) {
      await frames.sendData(stdout, data);
    }
    const peakKib = Number(statusField(proxy.pid, "VmHWM").split(" ")[0]);
    endOutputs(frames);
    await Promise.all([feeding, reading]);
    expect(received.digest("hex")).toBe(sent.digest("hex"));
    expect((await proxy.ended).code).toBe(0);
    if (!sanitized) expect(peakKib).toBeLessThan(8192);
  });

  it("stop a writer whose reader has stopped", async () => {
    const { frames, stdout: output } = await attach();
    output.pause();
    const sent = await useUpCredit(frames);
    // What fits into the pipe and node's own buffer has been credited again.
    expect(sent).toBeLessThan(initialCreditBytes + (1 << 20));
  });

  it("stop a reader of stdin when the guest gives no credit", async () => {
    const { proxy, frames, stdin: input } = await attach();
    frames.holdCredit = true;
    const chunk = Buffer.alloc(65_536);
    let written = 0;
    while (written < 64 << 20 && input.write(chunk)) written += chunk.length;
    let received = 0;
    while (received < initialCreditBytes) received += (await frames.nextData(stdin))?.length ?? 0;
    expect(received).toBe(initialCreditBytes);
    expect(Number(statusField(proxy.pid, "VmHWM").split(" ")[0])).toBeLessThan(sanitized ? 1 << 20 : 8192);
    endOutputs(frames);
    expect((await proxy.ended).code).toBe(0);
  });

  it("tell the guest when nobody reads an output any more", async () => {
    const { frames, stdout: output } = await attach();
    output.destroy();
    const more = setInterval(() => frames.send("data", stdout, Buffer.from("x")), 10);
    expect((await frames.next("closed")).stream).toBe(stdout);
    clearInterval(more);
  });

  it("may be files, and /dev/null", async () => {
    const directory = makeVmDirectory();
    const path = `${directory}/vsock.sock`;
    const guest = await startGuest(path);
    const input = openSync("/etc/passwd", "r");
    const output = openSync(`${directory}/out`, "w");
    const nothing = openSync("/dev/null", "r+");
    const proxy = startResident(program, proxySpec(path), { stdio: [input, output, nothing] });
    for (const fd of [input, output, nothing]) closeSync(fd);
    const { frames } = await guest.nextProcess();
    await proxy.nextEvent();
    proxy.commit();
    const received: Buffer[] = [];
    for (let data = await frames.nextData(stdin); data !== null; data = await frames.nextData(stdin)) {
      received.push(data);
      await frames.sendData(stdout, data);
    }
    await frames.sendData(stderr, Buffer.from("lost"));
    endOutputs(frames, 3);
    expect(await proxy.ended).toEqual({ code: 3, signal: null });
    expect(Buffer.concat(received)).toEqual(readFileSync("/etc/passwd"));
    expect(readFileSync(`${directory}/out`)).toEqual(readFileSync("/etc/passwd"));
  });
});

async function feed(target: Writable, hash: Hash, total: number): Promise<void> {
  for (let sent = 0; sent < total; sent += 1 << 20) {
    const chunk = randomBytes(1 << 20);
    hash.update(chunk);
    if (!target.write(chunk)) await once(target, "drain");
  }
  target.end();
}

describe("signals", () => {
  it("reach the guest process, all that can be caught", async () => {
    const { proxy, frames } = await attach();
    const names = [
      "SIGHUP",
      "SIGINT",
      "SIGQUIT",
      "SIGUSR1",
      "SIGUSR2",
      "SIGTERM",
      "SIGTSTP",
      "SIGCONT",
    ] as const;
    const numbers = [1, 2, 3, 10, 12, 15, 20, 18];
    for (const [index, name] of names.entries()) {
      process.kill(proxy.pid, name);
      expect((await frames.next("signal")).payload.readUInt32BE(0)).toBe(numbers[index]);
    }
    process.kill(proxy.pid, 64);
    expect((await frames.next("signal")).payload.readUInt32BE(0)).toBe(64);
    process.kill(proxy.pid, "SIGPIPE");
    process.kill(proxy.pid, "SIGWINCH");
    process.kill(proxy.pid, "SIGCHLD");
    process.kill(proxy.pid, "SIGUSR1");
    expect((await frames.next("signal")).payload.readUInt32BE(0)).toBe(10);
    endOutputs(frames);
    expect((await proxy.ended).code).toBe(0);
  });

  it("that nobody can catch end the connection, so that the agent knows", async () => {
    const { proxy, frames } = await attach();
    process.kill(proxy.pid, "SIGKILL");
    await frames.ended();
    expect((await proxy.ended).signal).toBe("SIGKILL");
  });
});

describe("what stays open", () => {
  it("is stdio and the connection", async () => {
    const path = `${makeVmDirectory()}/vsock.sock`;
    const guest = await startGuest(path);
    const leaked = openSync("/etc/hostname", "r");
    const files = { stdio: ["pipe", "pipe", "pipe"], files: [leaked, leaked] } as const;
    const proxy = startResident(program, proxySpec(path), { stdio: [...files.stdio], files: files.files });
    closeSync(leaked);
    await guest.nextProcess();
    await proxy.nextEvent();
    proxy.commit();
    await eventually("descriptor 3 closed", () => !openDescriptors(proxy.pid).has(3));
    const open = [...openDescriptors(proxy.pid)].filter(([, target]) => !target.startsWith("anon_inode:"));
    expect(open.filter(([, target]) => target.startsWith("socket:")).length).toBeGreaterThanOrEqual(1);
    expect(open.length).toBeLessThanOrEqual(4);
    expect(open.map(([fd]) => fd)).toEqual(expect.arrayContaining([0, 1, 2]));
  });
});
