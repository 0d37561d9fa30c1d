import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { StreamCarrier } from "@runv/protocol";
import { bareCommand } from "./bare-guest.ts";

const connectTimeoutMs = 60_000;
const pollMs = 10;
/** What the host attaches, and what the guest's kernel calls it: a virtio port has the number of its device, and the entropy source comes first. */
const devices = {
  "virtio-serial": {
    argv: ["-device", "virtio-serial-pci,max_ports=2", "-device", "virtserialport,nr=1,chardev=carrier"],
    programArguments: ["/dev/vport1p1"],
  },
  "isa-serial": {
    argv: ["-device", "isa-serial,index=1,chardev=carrier"],
    programArguments: ["8250.nr_uarts=2", "/dev/ttyS1"],
  },
} as const;

/** A guest whose only program talks over a bare device: no multiplexer, no monitor. @returns the host's end of it, and how to end all */
export async function bareStream(
  directory: string,
  initramfs: string,
  carrier: StreamCarrier,
): Promise<{ socket: Socket; stop: () => Promise<void> }> {
  const socketPath = path.join(directory, `${carrier}.sock`);
  const { argv, programArguments } = devices[carrier];
  const [qemu = "", ...args] = bareCommand({
    directory,
    initramfs,
    machine: "q35",
    carrierArgv: ["-chardev", `socket,id=carrier,path=${socketPath},server=on,wait=off`, ...argv],
    programArguments,
    disk: false,
  });
  const machine = spawn(qemu, args, { stdio: ["ignore", "ignore", "inherit"], detached: true });
  const socket = await connected(socketPath);
  return {
    socket,
    stop: async () => {
      socket.destroy();
      machine.kill("SIGKILL");
      await once(machine, "exit");
    },
  };
}

async function connected(socketPath: string): Promise<Socket> {
  const deadline = Date.now() + connectTimeoutMs;
  for (;;) {
    const socket = connect(socketPath);
    try {
      await once(socket, "connect");
      return socket;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(pollMs);
    }
  }
}
