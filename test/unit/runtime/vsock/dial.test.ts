import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { dial } from "vsock";

let directory = "";
let server: Server | null = null;
const socketPath = (): string => join(directory, "s");

/** A server that does `answer` with the first line of each connection. */
async function serve(answer: (line: string, socket: Socket) => void): Promise<void> {
  server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (data) => {
      answer(data.toString(), socket);
    });
  }).listen(socketPath());
  await once(server, "listening");
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "runv-dial-"));
});

afterEach(() => {
  server?.close();
  server = null;
  rmSync(directory, { recursive: true, force: true });
});

test("asks for the port and gives the bytes that came with the answer", async () => {
  await serve((line, socket) => socket.end(line === "CONNECT 1024\n" ? "OK 1073741824\nfirst" : "wrong"));
  const socket = await dial({ socketPath: socketPath(), port: 1024, timeoutMs: 5000 });
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  expect(text).toBe("first");
});

test("an answer in pieces is put together", async () => {
  await serve((_line, socket) => {
    socket.write("O");
    setImmediate(() => socket.end("K 1\n"));
  });
  const socket = await dial({ socketPath: socketPath(), port: 1, timeoutMs: 5000 });
  socket.destroy();
});

test("nobody there, nobody listening, and nonsense are told apart", async () => {
  await expect(dial({ socketPath: socketPath(), port: 1, timeoutMs: 5000 })).rejects.toMatchObject({
    code: "refused",
  });
  await serve((_line, socket) => socket.end());
  await expect(dial({ socketPath: socketPath(), port: 1, timeoutMs: 5000 })).rejects.toMatchObject({
    code: "refused",
  });
  server?.close();
  rmSync(socketPath(), { force: true });
  await serve((_line, socket) => socket.write("HTTP/1.1 400 Bad Request, and much more\n"));
  await expect(dial({ socketPath: socketPath(), port: 1, timeoutMs: 5000 })).rejects.toMatchObject({
    code: "protocol",
    message: expect.stringContaining("400 Bad Request, and much more") as string,
  });
});

test("silence ends with the deadline, and an abort at once", async () => {
  await serve(() => undefined);
  await expect(dial({ socketPath: socketPath(), port: 1, timeoutMs: 20 })).rejects.toMatchObject({
    code: "timeout",
  });
  const signal = AbortSignal.abort();
  await expect(dial({ socketPath: socketPath(), port: 1, timeoutMs: 5000, signal })).rejects.toMatchObject({
    code: "cancelled",
  });
});
