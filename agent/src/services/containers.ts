import { type ContainersDefinition, RunvError, type ServiceImplementation } from "@runv/protocol";
import { createContainer } from "../container/create.ts";
import { execute } from "../container/launch.ts";
import { checkContainer, checkId, checkProcess } from "../container/validate.ts";
import type { ProcessIoServer } from "../io/process-io-server.ts";
import { isDirectory } from "../linux/paths.ts";
import type { Sandbox } from "../sandbox.ts";
import { unmountBlockRootfs } from "../storage/block-rootfs.ts";
import { removeContainerFiles } from "../storage/remove.ts";
import { locateBinds, provideRootfs } from "../storage/rootfs.ts";
import { containerDirectory, devicesDirectory } from "../storage/scratch.ts";
import { limitHandlers } from "./container-limits.ts";

const maxSignal = 64;

export function containersService(
  sandbox: Sandbox,
  io: ProcessIoServer,
): ServiceImplementation<ContainersDefinition> {
  const { containers } = sandbox;
  return {
    ...limitHandlers(containers),
    async create(request) {
      const cgroups = sandbox.requireReady();
      checkContainer(request);
      const process = checkProcess(request.process);
      const located = locateBinds(request);
      const hello = { container: request.containerId, process: "" };
      const onFinished = (): void => sandbox.initFinished();
      const { allowVsock } = sandbox;
      try {
        const container = await containers.add(request.containerId, async () => {
          const rootfs = await provideRootfs(request.containerId, request.rootfs);
          const deviceDirectory = devicesDirectory(request.containerId);
          return createContainer({
            request: located,
            process,
            cgroups,
            rootfs,
            deviceDirectory,
            allowVsock,
            onFinished,
          });
        });
        io.created(hello, container.init);
        return { pid: container.init.child.pid };
      } catch (thrown) {
        if (!containers.has(request.containerId)) io.failed(hello);
        throw thrown;
      }
    },
    async start({ containerId }) {
      const { init, startHooksMs } = containers.get(containerId);
      if (init.state !== "created")
        throw new RunvError("invalid-state", `cannot start a container that is ${stateWord(init.state)}`);
      await execute(init, `container ${containerId}`, startHooksMs);
      return {};
    },
    async kill({ containerId, signal, all }) {
      if (signal < 1 || signal > maxSignal)
        throw new RunvError("invalid-argument", `no such signal: ${signal}`);
      return Promise.resolve({ initEnded: containers.get(containerId).signal(signal, all) });
    },
    async delete({ containerId }) {
      await deleteContainer(sandbox, containerId);
      return {};
    },
    async state({ containerId }) {
      const { init, paused } = containers.get(containerId);
      return Promise.resolve({ started: init.state !== "created", paused });
    },
  };
}

/** Also one that never came to be, but for its files. */
async function deleteContainer(sandbox: Sandbox, id: string): Promise<void> {
  const { containers } = sandbox;
  checkId(id, "container id");
  sandbox.leavePowerToHost();
  if (containers.has(id) || !isDirectory(containerDirectory(id))) await containers.get(id).destroy();
  unmountBlockRootfs(id);
  await removeContainerFiles(id);
  containers.remove(id);
}

function stateWord(state: string): string {
  return state === "exited" ? "stopped" : state;
}
