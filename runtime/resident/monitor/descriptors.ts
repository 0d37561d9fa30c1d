import { RunvError } from "@runv/protocol";
import type { ConfinedProcess, Descriptor } from "../contract/monitor.ts";
import { open } from "../linux/constants.ts";
import { attempt, errnoName, stepFailure } from "../linux/system-error.ts";
import { connectSocket } from "../linux/unix-socket.ts";
import { interval, remainingMs } from "../linux/wait.ts";
import * as sys from "../sys.ts";

const socketMode = 0o600;
const connectRetryIntervalMs = 5;

/** What descriptors are made of besides their own description. */
export interface DescriptorSources {
  /** What the VMM gets of the carrier, or null. */
  readonly vmmFd: number | null;
  /** Makes the guest's console and returns the VMM's end. */
  openConsole(): number;
}

/** The descriptors of one process, by name, open in the monitor until the process has its copies. */
export class OpenDescriptors {
  readonly byName = new Map<string, number>();
  readonly #own: number[] = [];

  /** Those that the monitor opened for the process alone are closed; inherited ones and the CID claim stay for others. */
  close(): void {
    for (const fd of this.#own.splice(0)) attempt(() => sys.close(fd));
  }

  static async open(process: ConfinedProcess, sources: DescriptorSources): Promise<OpenDescriptors> {
    const opened = new OpenDescriptors();
    try {
      for (const [name, descriptor] of Object.entries(process.descriptors)) {
        opened.byName.set(name, await opened.#open(descriptor, sources));
      }
      return opened;
    } catch (thrown) {
      opened.close();
      throw stepFailure(`open the descriptors of ${process.name}`, thrown);
    }
  }

  async #open(descriptor: Descriptor, sources: DescriptorSources): Promise<number> {
    switch (descriptor.kind) {
      case "inherited":
        sys.fstat(descriptor.number);
        return descriptor.number;
      case "vhost-vsock":
      case "carrier":
        if (sources.vmmFd === null)
          throw new RunvError("internal", `${descriptor.kind}: not the carrier of this VM`);
        return sources.vmmFd;
      case "unix-connect":
        return this.#keep(await connect(descriptor.path, descriptor.timeoutMs));
      case "unix-listen":
        return this.#keep(listen(descriptor.path));
      case "console":
        return this.#keep(sources.openConsole());
      case "open":
        return this.#keep(sys.open(descriptor.path, descriptor.write ? open.readWrite : open.readOnly));
    }
  }

  #keep(fd: number): number {
    this.#own.push(fd);
    return fd;
  }
}

/** A program that is given a listening socket waits in accept(2). */
function listen(path: string): number {
  const fd = sys.unixListen(path, socketMode);
  sys.setNonblock(fd, false);
  return fd;
}

/** The helper that serves the socket may still be starting. The VMM gets a blocking socket, as it would make itself. */
async function connect(path: string, timeoutMs: number): Promise<number> {
  const deadlineMs = sys.monotonicMs() + timeoutMs;
  for (;;) {
    try {
      const fd = connectSocket(path);
      sys.setNonblock(fd, false);
      return fd;
    } catch (thrown) {
      const retry = ["ENOENT", "ECONNREFUSED", "EAGAIN"].includes(errnoName(thrown));
      if (!retry || remainingMs(deadlineMs) === 0) throw thrown;
    }
    await interval(connectRetryIntervalMs);
  }
}
