import { type ProcessesDefinition, RunvError, type ServiceImplementation } from "@runv/protocol";
import { createExec } from "../container/exec.ts";
import { execute } from "../container/launch.ts";
import { checkId, checkProcess, checkSubCgroup } from "../container/validate.ts";
import type { ProcessIoServer } from "../io/process-io-server.ts";
import type { Sandbox } from "../sandbox.ts";

export function processesService(
  sandbox: Sandbox,
  io: ProcessIoServer,
): ServiceImplementation<ProcessesDefinition> {
  const { containers } = sandbox;
  return {
    async create(request) {
      const { containerId, processId, process } = request;
      checkId(processId, "process id");
      request.subCgroups.forEach(({ path }) => checkSubCgroup(path));
      const container = containers.get(containerId);
      const hello = { container: containerId, process: processId };
      try {
        const created = await createExec(container, request, checkProcess(process), sandbox.allowVsock);
        io.created(hello, created);
        return { pid: created.child.pid };
      } catch (thrown) {
        if (!container.execs.has(processId)) io.failed(hello);
        throw thrown;
      }
    },
    async start({ containerId, processId }) {
      const process = containers.get(containerId).process(processId);
      if (process === null || processId === "")
        throw new RunvError("not-found", `process ${processId} of container ${containerId} does not exist`);
      if (process.state === "exited") throw new RunvError("invalid-state", "os: process already finished");
      if (process.state === "running")
        throw new RunvError("invalid-state", `process ${processId} runs already`);
      await execute(process, `process ${processId}`);
      return {};
    },
  };
}
