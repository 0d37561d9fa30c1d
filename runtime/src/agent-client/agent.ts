import {
  type ConfigureRequest,
  type ConfigureResponse,
  type ContainerStateResponse,
  ContainersDefinition,
  type CreateContainerRequest,
  type CreateProcessRequest,
  type KillResponse,
  type ListProcessesResponse,
  ProcessesDefinition,
  SandboxDefinition,
  StorageDefinition,
  type Timestamp,
  type UnpackResponse,
} from "@runv/protocol";
import { agentCallTimeoutMs, rootfsHandoverTimeoutMs } from "../shared/limits.ts";
import { type CallTarget, call, openChannel } from "./call.ts";
import { type ResourceCalls, resourceCalls } from "./resource-calls.ts";

/** The agent of one VM: one method a call of agent.proto. Every call ends by its deadline. */
export interface Agent extends ResourceCalls {
  configure(request: ConfigureRequest, timeoutMs: number): Promise<ConfigureResponse>;
  setClock(time: Timestamp): Promise<void>;
  /** Answers when the bulk connection's tar stream is unpacked. `stop` cancels it. */
  unpack(containerId: string, copy: string, stop: AbortSignal): Promise<UnpackResponse>;
  createContainer(request: CreateContainerRequest): Promise<void>;
  startContainer(containerId: string, timeoutMs: number): Promise<void>;
  containerState(containerId: string, timeoutMs: number): Promise<ContainerStateResponse>;
  kill(request: {
    readonly containerId: string;
    readonly signal: number;
    readonly all: boolean;
  }): Promise<KillResponse>;
  listProcesses(containerId: string): Promise<ListProcessesResponse>;
  createProcess(request: CreateProcessRequest): Promise<void>;
  startProcess(containerId: string, processId: string): Promise<void>;
  close(): void;
}

/** @param signal cancels every call in flight. */
export function connectAgent(socketPath: string, signal: AbortSignal): Agent {
  const channel = openChannel(socketPath);
  const ask = callsOver(channel, signal);
  const sandbox = SandboxDefinition.fullName;
  const storage = StorageDefinition.fullName;
  const containers = ContainersDefinition.fullName;
  const processes = ProcessesDefinition.fullName;
  return {
    ...resourceCalls(channel, ask, signal),
    configure: async (request, timeoutMs) =>
      ask({ service: sandbox, method: SandboxDefinition.methods.configure }, request, timeoutMs),
    setClock: async (time) => {
      await ask({ service: sandbox, method: SandboxDefinition.methods.setClock }, { time });
    },
    unpack: async (containerId, copy, stop) => {
      const whatFits = { containerId, copy, maxBytes: 0, maxEntries: 0 };
      return ask(
        { service: storage, method: StorageDefinition.methods.unpack },
        whatFits,
        rootfsHandoverTimeoutMs,
        stop,
      );
    },
    createContainer: async (request) => {
      await ask({ service: containers, method: ContainersDefinition.methods.create }, request);
    },
    startContainer: async (containerId, timeoutMs) => {
      await ask(
        { service: containers, method: ContainersDefinition.methods.start },
        { containerId },
        timeoutMs,
      );
    },
    containerState: async (containerId, timeoutMs) =>
      ask({ service: containers, method: ContainersDefinition.methods.state }, { containerId }, timeoutMs),
    kill: async (request) => {
      return ask({ service: containers, method: ContainersDefinition.methods.kill }, request);
    },
    listProcesses: async (containerId) =>
      ask({ service: containers, method: ContainersDefinition.methods.listProcesses }, { containerId }),
    createProcess: async (request) => {
      await ask({ service: processes, method: ProcessesDefinition.methods.create }, request);
    },
    startProcess: async (containerId, processId) => {
      await ask(
        { service: processes, method: ProcessesDefinition.methods.start },
        { containerId, processId },
      );
    },
    close: () => {
      channel.close();
    },
  };
}

type Ask = <Request, Response>(
  target: CallTarget<Request, Response>,
  request: Request,
  timeoutMs?: number,
  stop?: AbortSignal | null,
) => Promise<Response>;

/** What makes calls over `channel` that end with `signal`, and each with a `stop` of its own. */
function callsOver(channel: ReturnType<typeof openChannel>, signal: AbortSignal): Ask {
  return async <Request, Response>(
    target: CallTarget<Request, Response>,
    request: Request,
    timeoutMs = agentCallTimeoutMs,
    stop: AbortSignal | null = null,
  ): Promise<Response> =>
    call(channel, target, request, {
      timeoutMs,
      signal: stop === null ? signal : AbortSignal.any([signal, stop]),
    });
}
