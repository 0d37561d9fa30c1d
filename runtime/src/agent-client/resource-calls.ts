import type { Client } from "@grpc/grpc-js";
import { ContainersDefinition, type StatsResponse, type UpdateContainerRequest } from "@runv/protocol";
import { updateTimeoutMs } from "../shared/limits.ts";
import type { CallTarget } from "./call.ts";
import { callStream } from "./call-stream.ts";

/** Calls about the resources of a container: limits, use, and standing still. */
export interface ResourceCalls {
  updateContainer(request: UpdateContainerRequest): Promise<void>;
  pauseContainer(containerId: string): Promise<void>;
  resumeContainer(containerId: string): Promise<void>;
  stats(containerId: string): Promise<StatsResponse>;
  /** Tells how many processes were killed for memory, at once and with each change; resolves with the container's end. */
  watchOom(containerId: string, told: (kills: number) => void): Promise<void>;
}

type Ask = <Request, Response>(
  target: CallTarget<Request, Response>,
  request: Request,
  timeoutMs?: number,
) => Promise<Response>;

export function resourceCalls(channel: Client, ask: Ask, signal: AbortSignal): ResourceCalls {
  const containers = ContainersDefinition.fullName;
  return {
    updateContainer: async (request) => {
      const target = { service: containers, method: ContainersDefinition.methods.update };
      await ask(target, request, updateTimeoutMs);
    },
    pauseContainer: async (containerId) => {
      await ask({ service: containers, method: ContainersDefinition.methods.pause }, { containerId });
    },
    resumeContainer: async (containerId) => {
      await ask({ service: containers, method: ContainersDefinition.methods.resume }, { containerId });
    },
    stats: async (containerId) =>
      ask({ service: containers, method: ContainersDefinition.methods.stats }, { containerId }),
    watchOom: async (containerId, told) =>
      callStream(
        channel,
        { service: containers, method: ContainersDefinition.methods.watchOom },
        { containerId },
        { signal, onMessage: ({ kills }) => told(kills) },
      ),
  };
}
