import { type ContainersDefinition, RunvError, type ServiceImplementation } from "@runv/protocol";
import type { Containers } from "../container/containers.ts";
import { makeRoom } from "../container/grow.ts";
import { watchOom } from "../container/oom-watch.ts";
import { processTable } from "../container/process-table.ts";
import { updateContainer } from "../container/update.ts";

type Handlers = ServiceImplementation<ContainersDefinition>;

/** The part of the service that is about the processes of a container: their limits, their use, standing still. */
export function limitHandlers(
  containers: Containers,
): Pick<Handlers, "listProcesses" | "makeRoom" | "update" | "pause" | "resume" | "stats" | "watchOom"> {
  return {
    async listProcesses({ containerId }) {
      return { processes: await processTable(containers.get(containerId).cgroup.path) };
    },
    async makeRoom({ containerId, resources, ...reserve }) {
      if (resources === undefined) throw new RunvError("invalid-argument", "resources is missing");
      return makeRoom(containers, containers.get(containerId), resources, reserve);
    },
    async update({ containerId, resources }) {
      if (resources === undefined) throw new RunvError("invalid-argument", "resources is missing");
      const container = containers.get(containerId);
      await updateContainer(container, resources);
      return { ...container.limits.cpu, ...container.limits.memory };
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
