import { type ContainersDefinition, RunvError, type ServiceImplementation } from "@runv/protocol";
import type { Containers } from "../container/containers.ts";
import { watchOom } from "../container/oom-watch.ts";
import { processTable } from "../container/process-table.ts";
import { updateContainer } from "../container/update.ts";

type Handlers = ServiceImplementation<ContainersDefinition>;

/** The part of the service that is about the processes of a container: their limits, their use, standing still. */
export function limitHandlers(
  containers: Containers,
): Pick<Handlers, "listProcesses" | "update" | "pause" | "resume" | "stats" | "watchOom"> {
  return {
    async listProcesses({ containerId }) {
      return { processes: await processTable(containers.get(containerId).cgroup.path) };
    },
    async update({ containerId, resources, memory, processors }) {
      if (resources === undefined) throw new RunvError("invalid-argument", "resources is missing");
      const wanted = { asked: resources, size: { memory, processors } };
      await updateContainer(containers, containers.get(containerId), wanted);
      return {};
    },
    async pause({ containerId }) {
      await containers.get(containerId).pause();
      return {};
    },
    async resume({ containerId }) {
      containers.get(containerId).resume();
      return Promise.resolve({});
    },
    async stats({ containerId }) {
      return Promise.resolve(containers.get(containerId).cgroup.stats());
    },
    watchOom({ containerId }, { signal }) {
      return watchOom(containers.get(containerId).cgroup, signal);
    },
  };
}
