import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { afterEach, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { makeVmDirectory, monitorSpec, removeVmDirectories, shell } from "./support/monitor-spec.ts";
import { eventually, openDescriptors } from "./support/proc.ts";
import { buildTimeoutMs, residentProgram } from "./support/programs.ts";
import { killStartedResidents, type Resident, startResident } from "./support/resident.ts";

const device = "/dev/vhost-vsock";
const firstCid = 4_000_000;

let program = "";
beforeAll(() => {
  program = residentProgram("monitor");
}, buildTimeoutMs);
afterEach(() => {
  killStartedResidents();
  removeVmDirectories();
});

interface Vm {
  readonly monitor: Resident;
  readonly directory: string;
  readonly cid: number;
  readonly vmm: number;
}

async function launch(): Promise<Vm> {
  const directory = makeVmDirectory();
  const vmm = shell(directory, "vmm", "exec sleep 100", { descriptors: { vhost: { kind: "vhost-vsock" } } });
  const carrier = { kind: "vhost-vsock", firstCid } as const;
  const monitor = startResident(program, monitorSpec(directory, [vmm], { carrier }));
  const event = await monitor.nextEvent();
  expect(event).toMatchObject({ event: "launched" });
  const launched = event as { cid: number; vmm: { pid: number } };
  return { monitor, directory, cid: launched.cid, vmm: launched.vmm.pid };
}

function needDevice(context: TestContext): void {
  if (!existsSync(device)) context.skip(`this host has no ${device}`);
}

describe("the kernel's vsock", () => {
  it("gives every VM a CID of its own, which is free again when the VM has ended", async (context) => {
    needDevice(context);
    const first = await launch();
    const second = await launch();
    expect([first.cid, second.cid]).toEqual([firstCid, firstCid + 1]);
    first.monitor.abandon();
    await first.monitor.ended;
    expect((await launch()).cid).toBe(firstCid);
  });

  it("is held by the VMM alone after the launch", async (context) => {
    needDevice(context);
    const { monitor, vmm } = await launch();
    monitor.commit();
    expect([...openDescriptors(vmm).values()]).toContain(device);
    await eventually(
      "the monitor has let go",
      () => ![...openDescriptors(monitor.pid).values()].includes(device),
    );
  });

  it("closes to a client while no guest listens", async (context) => {
    needDevice(context);
    const { directory } = await launch();
    const client = connect(`${directory}/vsock.sock`);
    client.on("error", () => undefined).write("CONNECT 1024\n");
    const chunks: Buffer[] = [];
    client.on("data", (chunk: Buffer) => chunks.push(chunk));
    await once(client, "close");
    expect(Buffer.concat(chunks).toString()).toBe("");
  });
});
