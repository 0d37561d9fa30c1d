import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { protocolVersion } from "@runv/protocol";
import { expect, test } from "vitest";
import { type AgentClient, connectAgent } from "../harness/agent-client.ts";
import { openBulk, runContainer, sendRootfs, specContainer } from "../harness/container.ts";
import { bootGuest, type Guest } from "../harness/guest.ts";

const diskMib = 32;
const tarBlockBytes = 512;

async function withDisk(body: (guest: Guest, agent: AgentClient) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(path.join(tmpdir(), "runv-disk-"));
  const disk = path.join(directory, "scratch");
  execFileSync("mke2fs", ["-q", "-t", "ext4", disk, `${diskMib}M`]);
  const guest = await bootGuest({ disk });
  try {
    const agent = await connectAgent(guest);
    await body(guest, agent);
    agent.close();
  } finally {
    await guest.stop();
    rmSync(directory, { recursive: true });
  }
}

/** A tar header of one file, with nothing behind it. */
function tarHeader(name: string, sizeBytes: number): Buffer {
  const header = Buffer.alloc(tarBlockBytes);
  header.write(name, 0);
  header.write("0000644\u00000000000\u00000000000\u0000", 100);
  header.write(`${sizeBytes.toString(8).padStart(11, "0")}\u000000000000000\u0000`, 124);
  header.write("        0", 148);
  header.write("ustar\u000000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\u0000 `, 148);
  return header;
}

test("the rootfs lives on the disk, and a full disk is an error that says so", async () =>
  withDisk(async (guest, agent) => {
    const configure = async (device: string): Promise<unknown> =>
      agent.sandbox.configure({
        protocolVersion,
        scratch: { kind: { $case: "block", value: { device, filesystem: "ext4" } } },
      });
    await expect(configure("/dev/../vda")).rejects.toMatchObject({ code: "invalid-argument" });
    await configure("/dev/vda");
    const script = specContainer("disk", ["sh", "-c", "grep ' / ' /proc/mounts; umask; stat -c %a /tmp"]);
    const { exitCode, stdout } = await runContainer(agent, guest, script);
    expect(exitCode).toBe(0);
    expect(stdout.toString()).toMatch(/^\S+ \/ ext4 ro,noatime.*\n0022\n1777\n$/);

    const sizeBytes = (2 * diskMib) << 20;
    const answer = agent.storage.unpack({ containerId: "big" });
    const socket = await openBulk(guest, "big");
    socket.write(tarHeader("big", sizeBytes));
    socket.end(Buffer.alloc(sizeBytes, 1));
    await expect(answer).rejects.toMatchObject({ code: "resource-exhausted" });
    await expect(answer).rejects.toThrow(/the scratch space is full/);

    await sendRootfs(agent, guest, "big");
  }));
