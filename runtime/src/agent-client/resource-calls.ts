import type { Client } from "@grpc/grpc-js";
import {
  ContainersDefinition,
  type MakeRoomRequest,
  type MakeRoomResponse,
  type Resources,
  type StatsResponse,
  type UpdateContainerResponse,
} from "@runv/protocol";
import { growTimeoutMs } from "../shared/limits.ts";
import type { CallTarget } from "./call.ts";
import { callStream } from "./call-stream.ts";

/** Calls about the resources of a container: limits, use, and standing still. */
export interface ResourceCalls {
  makeRoom(request: MakeRoomRequest): Promise<MakeRoomResponse>;
  updateContainer(containerId: string, resources: Resources): Promise<UpdateContainerResponse>;
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
    makeRoom: async (request) =>
      ask({ service: containers, method: ContainersDefinition.methods.makeRoom }, request, growTimeoutMs),
    updateContainer: async (containerId, resources) => {
      const target = { service: containers, method: ContainersDefinition.methods.update };
      return ask(target, { containerId, resources });
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
