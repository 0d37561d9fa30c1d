import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import path from "node:path";
import { dial, VsockError } from "vsock";
import { vsockEnvironment } from "../../scripts/lib/vsock-environment.mjs";

const readyDeadlineMs = 60_000;
const retryMs = 20;
/** What is sent to a guest that is not up yet may never be answered. */
const tryMs = 1_000;
/** How long a relay keeps one direction open after the other has ended. */
const halfOpenSeconds = 600;

/** How a bare guest is reached. */
export interface GuestCarrier {
  /** Options of the VMM. */
  readonly argv: readonly string[];
  /** One try: null when the guest does not listen (yet). */
  dial(port: number): Promise<Socket | null>;
  /** Lets the guest reach a port of the host, where nobody ever answers. */
  offer(port: number): Promise<{ close(): void }>;
  stop(): Promise<void>;
}

/** By the kernel where the tests are told to use that, else by vhost-device-vsock. */
export async function guestCarrier(directory: string, cid: number): Promise<GuestCarrier> {
  return process.env["RUNV_CARRIER"] === "vhost-vsock"
    ? kernelVsock(directory, cid)
    : userVsock(directory, cid);
}

async function userVsock(directory: string, cid: number): Promise<GuestCarrier> {
  const [vhostSocket, portsSocket] = [path.join(directory, "vhost"), path.join(directory, "ports")];
  const options = `guest-cid=${cid},socket=${vhostSocket},uds-path=${portsSocket}`;
  const device = spawn("vhost-device-vsock", ["--vm", options], { env: vsockEnvironment(), stdio: "ignore" });
  await waitForFile(vhostSocket);
  return {
    argv: ["-chardev", `socket,id=vu,path=${vhostSocket}`, "-device", "vhost-user-vsock-device,chardev=vu"],
    dial: async (port) => dialOnce(portsSocket, port),
    offer: async (port) => {
      const server = createServer();
      server.listen(`${portsSocket}_${port}`);
      await once(server, "listening");
      return server;
    },
    stop: async () => endAll([device]),
  };
}

/** Node.js knows no AF_VSOCK: socat(1) makes UNIX sockets of it. */
function kernelVsock(directory: string, cid: number): GuestCarrier {
  const relays: ChildProcess[] = [];
  const socat = (args: readonly string[]): ChildProcess => {
    const relay = spawn("socat", args, { stdio: ["ignore", "ignore", "pipe"] });
    relays.push(relay);
    return relay;
  };
  return {
    argv: ["-device", `vhost-vsock-device,guest-cid=${cid}`],
    dial: async (port) => {
      const file = path.join(directory, `relay${relays.length}`);
      socat([
        "-t",
        `${halfOpenSeconds}`,
        `UNIX-LISTEN:${file}`,
        `VSOCK-CONNECT:${cid}:${port}`,
      ]).stderr?.resume();
      await waitForFile(file);
      return connected(file);
    },
    offer: async (port) => {
      const relay = socat(["-d", "-d", "-u", `VSOCK-LISTEN:${port},fork`, "OPEN:/dev/null"]);
      if (relay.stderr !== null) await said(relay.stderr, "listening");
      return { close: () => void relay.kill("SIGKILL") };
    },
    stop: async () => endAll(relays),
  };
}

/** A socket has its name before it listens. */
async function connected(file: string): Promise<Socket> {
  const end = Date.now() + readyDeadlineMs;
  for (;;) {
    const socket = connect({ path: file, allowHalfOpen: true });
    try {
      await once(socket, "connect");
      return socket;
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(retryMs);
    }
  }
}

async function said(stream: NodeJS.ReadableStream, word: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = "";
    stream.on("data", (bytes: Buffer) => {
      text += bytes.toString();
      if (text.includes(word)) resolve();
    });
    stream.once("end", () => reject(new Error(`socat: ended: ${text}`)));
  });
}

async function endAll(children: readonly ChildProcess[]): Promise<void> {
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(children.map(exitOf));
}

export async function exitOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once("exit", () => resolve());
  });
}

async function waitForFile(file: string): Promise<void> {
  const end = Date.now() + readyDeadlineMs;
  while (!existsSync(file)) {
    if (Date.now() > end) throw new Error(`no ${file} within ${readyDeadlineMs} ms`);
    await sleep(retryMs);
  }
}

async function dialOnce(portsSocket: string, port: number): Promise<Socket | null> {
  try {
    return await dial({ socketPath: portsSocket, port, timeoutMs: tryMs });
  } catch (error) {
    if (error instanceof VsockError) return null;
    throw error;
  }
}

async function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, delayMs));
}
