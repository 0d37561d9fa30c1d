import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, openSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { type PackerDestination, packerContractVersion } from "../../../runtime/resident/contract/packer.ts";
import { closeGuests, startGuest } from "./support/guest.ts";
import { makeVmDirectory, removeVmDirectories } from "./support/monitor-spec.ts";
import { eventually, isRunning } from "./support/proc.ts";
import { buildTimeoutMs, residentProgram } from "./support/programs.ts";
import { killStartedResidents, startResident } from "./support/resident.ts";

let program = "";
beforeAll(() => {
  program = residentProgram("packer");
}, buildTimeoutMs);
afterEach(async () => {
  killStartedResidents();
  await closeGuests();
  removeVmDirectories();
});

const header = '{"version":1,"operation":"unpack","container":"c1"}\n';

function packerSpec(directory: string, destination: PackerDestination): object {
  return { version: packerContractVersion, directory, oneFileSystem: true, destination };
}

function guestDestination(vsockSocket: string): PackerDestination {
  return { kind: "guest", vsockSocket, port: 1026, header, connectTimeoutMs: 10_000 };
}

function makeTree(): string {
  const tree = makeVmDirectory();
  mkdirSync(`${tree}/etc`);
  writeFileSync(`${tree}/etc/big`, Buffer.alloc(3_000_000, "x"));
  symlinkSync("big", `${tree}/etc/link`);
  return tree;
}

async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk)).resume();
  await once(socket, "end");
  return Buffer.concat(chunks);
}

describe("runv-pack", () => {
  it("writes an archive to stdout", async () => {
    const tree = makeTree();
    const archive = `${makeVmDirectory()}/tree.tar`;
    const spec = packerSpec(tree, { kind: "stdout" });
    const packer = startResident(program, spec, { stdio: ["ignore", openSync(archive, "w"), 2] });
    expect(await packer.nextEvent()).toEqual({ event: "packed", entries: 4, bytes: 3_000_000, warnings: [] });
    expect(await packer.ended).toEqual({ code: 0, signal: null });
    const names = execFileSync("tar", ["-tf", archive], { encoding: "utf8" }).trim().split("\n").sort();
    expect(names.map((name) => name.replace(/^\.\//, ""))).toEqual(["", "etc/", "etc/big", "etc/link"]);
  });

  it("sends header and archive to a port of the guest, and then its end", async () => {
    const guest = await startGuest(`${makeVmDirectory()}/vsock.sock`, { refusals: 2 });
    const packer = startResident(program, packerSpec(makeTree(), guestDestination(guest.path)));
    const { port, socket } = await guest.nextConnection();
    expect(port).toBe(1026);
    const received = await readAll(socket);
    expect(received.subarray(0, header.length).toString()).toBe(header);
    const listing = execFileSync("tar", ["-tvf", "-"], {
      input: received.subarray(header.length),
      encoding: "utf8",
    });
    expect(listing).toMatch(/3000000 .*etc\/big/);
    expect(await packer.nextEvent()).toMatchObject({ event: "packed", entries: 4 });
  });

  it("says when the receiver goes away", async () => {
    const guest = await startGuest(`${makeVmDirectory()}/vsock.sock`);
    const packer = startResident(program, packerSpec(makeTree(), guestDestination(guest.path)));
    (await guest.nextConnection()).socket.destroy();
    expect(await packer.nextEvent()).toMatchObject({ event: "failed", code: "unavailable" });
    expect((await packer.ended).code).toBe(1);
  });

  it("says what is not there", async () => {
    const packer = startResident(program, packerSpec("/no/such/tree", { kind: "stdout" }));
    const event = await packer.nextEvent();
    expect(event).toMatchObject({ event: "failed", code: "not-found" });
    expect(event?.["message"]).toContain("/no/such/tree");
  });

  it("ends with its verb, even while the receiver takes nothing", async () => {
    const guest = await startGuest(`${makeVmDirectory()}/vsock.sock`);
    const spec = JSON.stringify(packerSpec(makeTree(), guestDestination(guest.path)));
    const script = `
      const child = require("node:child_process").spawn(process.argv[1], [], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
      child.stdio[3].write(process.argv[2] + "\\n");
      console.log(child.pid);
      setInterval(() => {}, 1000);`;
    const { spawn } = await import("node:child_process");
    const verb = spawn(process.execPath, ["-e", script, program, spec], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(verb.stdout, "data")) as [Buffer];
    const pid = Number(line.toString());
    await guest.nextConnection();
    await eventually("it is packing", () =>
      /^S/.test(readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1] ?? ""),
    );
    verb.kill("SIGKILL");
    await eventually("it has ended", () => !isRunning(pid));
  });
});
