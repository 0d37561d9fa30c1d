import { bulkPort, encodeBulkHeader } from "@runv/protocol";
import { type PackerSpec, packerContractVersion } from "../../resident/contract/packer.ts";
import type { Agent } from "../agent-client/agent.ts";
import { sleep } from "../shared/deadlines.ts";
import { residentProgram } from "../shared/installation.ts";
import { rootfsHandoverTimeoutMs } from "../shared/limits.ts";
import { startResident } from "../shared/resident.ts";
import { textsOf } from "../shared/resident-event.ts";
import type { TreeCopy } from "../storage/rootfs-driver.ts";

const connectTimeoutMs = 30_000;
/** How long after the packer's failure the agent may still tell the reason for it. */
const agentReasonTimeoutMs = 2000;

export interface HandOverOptions {
  readonly container: string;
  readonly copy: TreeCopy;
  readonly vsockSocket: string;
  readonly agent: Agent;
  readonly signal: AbortSignal;
}

export interface HandedOver {
  readonly entries: number;
  readonly bytes: number;
  /** Sentences for the user: what did not arrive as it is on the host. */
  readonly warnings: readonly string[];
}

/**
 * Streams a tree of a container into the guest: the packer writes, the agent unpacks. The agent's error is the one that tells: when it stops
 * reading, the packer only sees a broken connection.
 */
export async function handOverTree(options: HandOverOptions): Promise<HandedOver> {
  const stopPacker = new AbortController();
  const stopAgent = new AbortController();
  const unpacked = options.agent.unpack(options.container, options.copy.name, stopAgent.signal);
  const packed = pack(options, AbortSignal.any([options.signal, stopPacker.signal]));
  const [unpackResult, packResult] = await Promise.allSettled([
    unpacked.catch((error: unknown) => {
      stopPacker.abort();
      throw error;
    }),
    packed.catch(async (error: unknown) => {
      // A packer that never reached the guest leaves the agent waiting for it.
      await sleep(agentReasonTimeoutMs, stopPacker.signal).then(
        () => stopAgent.abort(),
        () => undefined,
      );
      throw error;
    }),
  ]);
  const agentHasSpoken = stopPacker.signal.aborted && !stopAgent.signal.aborted;
  if (packResult.status === "rejected" && !agentHasSpoken) throw packResult.reason;
  if (unpackResult.status === "rejected") throw unpackResult.reason;
  const warnings = packResult.status === "fulfilled" ? packResult.value : [];
  return { ...unpackResult.value, warnings };
}

/** @returns the packer's warnings. */
async function pack(options: HandOverOptions, signal: AbortSignal): Promise<readonly string[]> {
  const { name, directory, oneFileSystem } = options.copy;
  const spec: PackerSpec = {
    version: packerContractVersion,
    directory,
    oneFileSystem,
    destination: {
      kind: "guest",
      vsockSocket: options.vsockSocket,
      port: bulkPort,
      header: encodeBulkHeader({ operation: "unpack", container: options.container, copy: name }),
      connectTimeoutMs,
    },
  };
  const what = `${name === "" ? "rootfs" : "mount source"} ${directory}`;
  const packer = await startResident(residentProgram("runv-pack"), {
    what,
    stdio: ["ignore", "ignore", "ignore"],
    files: [],
    spec,
    timeoutMs: rootfsHandoverTimeoutMs,
    signal,
  });
  await packer.abandon();
  return textsOf(packer.event["warnings"]).map((warning) => `${what}: ${warning}`);
}
