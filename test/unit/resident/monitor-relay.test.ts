import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { closeGuests, type Guest, startGuest } from "./support/guest.ts";
import {
  consoleMaxBytes,
  makeVmDirectory,
  monitorSpec,
  removeVmDirectories,
  shell,
} from "./support/monitor-spec.ts";
import { eventually, isRunning, openDescriptors } from "./support/proc.ts";
import { buildTimeoutMs, residentProgram } from "./support/programs.ts";
import { killStartedResidents, type Resident, startResident } from "./support/resident.ts";

let program = "";
const clients: Socket[] = [];
beforeAll(() => {
  program = residentProgram("monitor");
}, buildTimeoutMs);
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await closeGuests();
  killStartedResidents();
  removeVmDirectories();
});

async function running(carrierPath?: string): Promise<{ monitor: Resident; directory: string; vmm: number }> {
  const directory = makeVmDirectory();
  const carrier = { kind: "unix-connect", path: carrierPath ?? `${directory}/carrier.sock` } as const;
  const spec = monitorSpec(directory, [shell(directory, "vmm", "exec sleep 100")], { carrier });
  const monitor = startResident(program, spec);
  const event = await monitor.nextEvent();
  expect(event).toMatchObject({ event: "launched" });
  monitor.commit();
  return { monitor, directory, vmm: (event as { vmm: { pid: number } }).vmm.pid };
}

async function withGuest(): Promise<{ monitor: Resident; directory: string; guest: Guest; vmm: number }> {
  const vm = await running();
  return { ...vm, guest: await startGuest(`${vm.directory}/carrier.sock`) };
}

function open(path: string, firstWords = ""): Socket {
  const client = connect({ path, allowHalfOpen: true });
  clients.push(client);
  client.on("error", () => undefined);
  if (firstWords !== "") client.write(firstWords);
  return client;
}

async function readLine(socket: Socket): Promise<string> {
  let line = "";
  while (!line.endsWith("\n")) {
    const byte = socket.read(1) as Buffer | null;
    if (byte !== null) line += byte.toString("latin1");
    else if (socket.readableEnded) return `${line}<end>`;
    else await Promise.race([once(socket, "readable"), once(socket, "end")]);
  }
  return line;
}

async function readAll(socket: Socket): Promise<Buffer> {
  // Not by iteration, which closes the other direction too at the end.
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk)).resume();
  await once(socket, "end");
  return Buffer.concat(chunks);
}

describe("vsock.sock", () => {
  it("connects to the port that is asked for and copies both ways, byte for byte, with half-closes", async () => {
    const { directory, guest } = await withGuest();
    const client = open(`${directory}/vsock.sock`, "CONNECT 1026\n");
    expect(await readLine(client)).toBe("OK 1026\n");
    const { port, socket } = await guest.nextConnection();
    expect(port).toBe(1026);
    const up = randomBytes(5_000_000);
    const down = randomBytes(3_000_000);
    client.end(up);
    const received = await readAll(socket);
    expect(received.equals(up)).toBe(true);
    socket.end(down);
    expect((await readAll(client)).equals(down)).toBe(true);
  });

  it("passes on what a client sends behind its request without waiting", async () => {
    const { directory, guest } = await withGuest();
    const client = open(`${directory}/vsock.sock`, "CONNECT 7\nearly");
    const { socket } = await guest.nextConnection();
    client.end();
    expect((await readAll(socket)).toString()).toBe("early");
  });

  it.each([
    ["CONNECT\n", "protocol"],
    ["CONNECT 4294967296\n", "port"],
    ["CONNECT -1\n", "sign"],
    ["GET / HTTP/1.1\n", "other protocol"],
    [`CONNECT ${"1".repeat(100)}\n`, "too long"],
  ])("refuses %j in words (%s)", async (request) => {
    const { directory } = await withGuest();
    const client = open(`${directory}/vsock.sock`, request);
    expect(await readLine(client)).toMatch(/^ERROR /);
    expect((await readAll(client)).length).toBe(0);
  });

  it("closes while the guest does not listen, and connects once it does", async () => {
    const { directory } = await running();
    const guest = await startGuest(`${directory}/carrier.sock`, { refusals: 2 });
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await readLine(open(`${directory}/vsock.sock`, "CONNECT 5\n"))).toBe("<end>");
    }
    expect(await readLine(open(`${directory}/vsock.sock`, "CONNECT 5\n"))).toBe("OK 5\n");
    expect((await guest.nextConnection()).port).toBe(5);
  });

  it("closes when the guest says nothing for a while, so that its client may ask again", async () => {
    const { directory } = await running();
    await startGuest(`${directory}/carrier.sock`, { silences: 1 });
    const ask = async (): Promise<string> => readLine(open(`${directory}/vsock.sock`, "CONNECT 5\n"));
    expect(await ask()).toBe("<end>");
    expect(await ask()).toBe("OK 5\n");
  });

  it("gives every descriptor back", async () => {
    const { directory, monitor } = await withGuest();
    await eventually("descriptor 3 closed", () => !openDescriptors(monitor.pid).has(3));
    const before = openDescriptors(monitor.pid).size;
    for (let round = 0; round < 20; round++) {
      const batch = Array.from({ length: 10 }, (_, index) =>
        open(`${directory}/vsock.sock`, index % 3 === 0 ? "nonsense\n" : "CONNECT 9\n"),
      );
      await Promise.all(batch.map(readLine));
      for (const client of batch) client.destroy();
    }
    await eventually("no descriptor more", () => openDescriptors(monitor.pid).size === before);
  });

  it("takes a bounded number of connections and says so", async () => {
    const { directory } = await withGuest();
    const answers: string[] = [];
    for (let index = 0; index < 420; index++) {
      answers.push(await readLine(open(`${directory}/vsock.sock`, "CONNECT 9\n")));
    }
    expect(answers.filter((answer) => answer.startsWith("OK"))).toHaveLength(400);
    expect(answers.filter((answer) => answer.startsWith("ERROR more than 400"))).toHaveLength(20);
  });
});

describe("agent.sock", () => {
  it("leads straight to the control port", async () => {
    const { directory, guest } = await withGuest();
    const client = open(`${directory}/agent.sock`, "PRI * HTTP/2.0");
    const { port, socket } = await guest.nextConnection();
    expect(port).toBe(1024);
    client.end();
    expect((await readAll(socket)).toString()).toBe("PRI * HTTP/2.0");
    socket.end("settings");
    expect((await readAll(client)).toString()).toBe("settings");
  });
});

describe("a guest that tells on its console when it listens", () => {
  it("is not tried before", async () => {
    const directory = makeVmDirectory();
    const mark = "listening now";
    const script =
      "echo noise >&{fd:serial}; sleep 0.2; printf listen >&{fd:serial}; sleep 0.2; printf 'ing now' >&{fd:serial}; exec sleep 100";
    const vmm = shell(directory, "vmm", script, { descriptors: { serial: { kind: "console" } } });
    const console = { path: `${directory}/console`, maxBytes: consoleMaxBytes, listeningMark: mark };
    const guest = await startGuest(`${directory}/carrier.sock`);
    const monitor = startResident(program, monitorSpec(directory, [vmm], { console }));
    expect(await monitor.nextEvent()).toMatchObject({ event: "launched" });
    monitor.commit();
    open(`${directory}/agent.sock`);
    await guest.nextConnection();
    expect(readFileSync(console.path, "utf8")).toContain(mark);
  });
});

describe("a reader that stops reading", () => {
  it("stops the writer at a bounded number of bytes", async () => {
    const { directory, guest, monitor } = await withGuest();
    const client = open(`${directory}/vsock.sock`, "CONNECT 3\n");
    await readLine(client);
    const { socket } = await guest.nextConnection();
    client.pause();
    const hash = createHash("sha256");
    const chunk = randomBytes(65_536);
    let sent = 0;
    while (socket.write(chunk)) {
      hash.update(chunk);
      sent += chunk.length;
      await new Promise(setImmediate);
    }
    hash.update(chunk);
    socket.end();
    expect(sent).toBeLessThan(8 << 20);
    expect(isRunning(monitor.pid)).toBe(true);
    expect(
      createHash("sha256")
        .update(await readAll(client))
        .digest("hex"),
    ).toBe(hash.digest("hex"));
  });
});

describe("the end of the VMM", () => {
  it("ends every connection, after the last bytes that arrived", async () => {
    const { directory, guest, monitor, vmm } = await withGuest();
    const client = open(`${directory}/vsock.sock`, "CONNECT 1025\n");
    await readLine(client);
    const { socket } = await guest.nextConnection();
    const last = randomBytes(100_000);
    socket.end(last);
    process.kill(vmm, "SIGKILL");
    expect((await readAll(client)).equals(last)).toBe(true);
    client.end();
    expect(await monitor.ended).toEqual({ code: 0, signal: null });
  });
});

describe("a carrier that accepts nothing", () => {
  it("does not keep the monitor from its duties", async () => {
    const { directory, monitor, vmm } = await running();
    const script = `require("net").createServer().listen({path:${JSON.stringify(`${directory}/carrier.sock`)},backlog:1},()=>console.log())`;
    const deaf = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "ignore"] });
    await once(deaf.stdout, "data");
    deaf.kill("SIGSTOP");
    for (let index = 0; index < 8; index++) open(`${directory}/vsock.sock`, "CONNECT 9\n");
    await eventually("the requests have been read", () => openDescriptors(monitor.pid).size > 16);
    process.kill(monitor.pid, "SIGTERM");
    expect(await monitor.ended).toEqual({ code: 0, signal: null });
    expect(isRunning(vmm)).toBe(false);
    deaf.kill("SIGKILL");
  });
});
