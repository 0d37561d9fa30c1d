import { existsSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { afterEach, beforeAll, expect, it } from "vitest";
import { makeVmDirectory, monitorSpec, removeVmDirectories, shell } from "./support/monitor-spec.ts";
import { buildTimeoutMs, residentProgram } from "./support/programs.ts";
import { killStartedResidents, startResident } from "./support/resident.ts";

let program = "";
const servers: Server[] = [];
beforeAll(() => {
  program = residentProgram("monitor");
}, buildTimeoutMs);
afterEach(() => {
  killStartedResidents();
  removeVmDirectories();
  for (const server of servers.splice(0)) server.close();
});

/** A socket of the host that a confined process must not reach through the monitor. */
async function foreignSocket(path: string): Promise<{ readonly calls: () => number }> {
  let calls = 0;
  const server = createServer((socket) => {
    calls += 1;
    socket.on("error", () => undefined).end("OK 1\n");
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return { calls: () => calls };
}

async function answer(path: string): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(path, () => socket.write("CONNECT 1025\n"));
    socket.on("data", (chunk) => (text += chunk.toString()));
    socket.on("error", () => undefined).on("close", () => resolve(text));
  });
}

it("a link in the place of the carrier's socket leads nowhere", async () => {
  const directory = makeVmDirectory();
  const foreign = await foreignSocket(`${directory}/foreign.sock`);
  symlinkSync(`${directory}/foreign.sock`, `${directory}/carrier.sock`);
  const monitor = startResident(program, monitorSpec(directory, [shell(directory, "vmm", "exec sleep 100")]));
  expect(await monitor.nextEvent()).toMatchObject({ event: "launched" });
  expect(await answer(`${directory}/vsock.sock`)).toMatch(/^ERROR .*carrier\.sock: not a socket/);
  expect(foreign.calls()).toBe(0);
});

it("a link in the place of a helper's socket is no descriptor for the VMM", async () => {
  const directory = makeVmDirectory();
  const foreign = await foreignSocket(`${directory}/foreign.sock`);
  symlinkSync(`${directory}/foreign.sock`, `${directory}/peer.sock`);
  const descriptors = {
    peer: { kind: "unix-connect", path: `${directory}/peer.sock`, timeoutMs: 1000 },
  } as const;
  const vmm = shell(directory, "vmm", "exec sleep 100", { descriptors });
  const monitor = startResident(program, monitorSpec(directory, [vmm]));
  const event = await monitor.nextEvent();
  expect(event).toMatchObject({
    event: "failed",
    message: expect.stringMatching(/peer\.sock: not a socket/) as string,
  });
  expect(foreign.calls()).toBe(0);
});

it("a rollback spares what has taken the place of its trees", async () => {
  const directory = makeVmDirectory();
  const tree = `${makeVmDirectory()}/c1`;
  mkdirSync(tree);
  const rollback = { trees: [tree], cgroups: [] };
  const processes = [shell(directory, "vmm", "exec sleep 100")];
  const monitor = startResident(program, monitorSpec(directory, processes, { rollback }));
  expect(await monitor.nextEvent()).toMatchObject({ event: "launched" });
  renameSync(tree, `${tree}.removed`);
  mkdirSync(tree);
  writeFileSync(`${tree}/state.json`, "{}");
  monitor.abandon();
  await monitor.ended;
  expect([existsSync(`${tree}/state.json`), existsSync(directory)]).toEqual([true, false]);
});
