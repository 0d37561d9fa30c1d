import { type CreateProcessRequest, type Process, RunvError } from "@runv/protocol";
import { isInPidNamespace } from "../linux/namespaces.ts";
import { clone } from "../linux/sys.ts";
import type { Container } from "./container.ts";
import { runExec } from "./exec-child.ts";
import { launch } from "./launch.ts";
import type { GuestProcess } from "./process.ts";

/** Processes of exec that a container can have at one time, the ended ones whose exit nobody has fetched included. */
const maxExecs = 4096;
/** The exit of an exec that nobody has asked about is kept that long. */
const unclaimedExitMs = 60_000;

/** Prepares a further process of a running container. */
export async function createExec(
  container: Container,
  request: CreateProcessRequest,
  process: Process,
  allowVsock: boolean,
): Promise<GuestProcess> {
  const { processId } = request;
  const { execs, namespaces, idMaps, cgroup, seccomp, personality } = container;
  const initPid = container.init.child.pid;
  if (container.init.state === "exited")
    throw new RunvError("invalid-state", "cannot exec in a stopped container: container not running");
  if (execs.has(processId))
    throw new RunvError("already-exists", `process ${processId} of container ${container.id} exists`);
  if (execs.size >= maxExecs)
    throw new RunvError("resource-exhausted", `container ${container.id} has ${maxExecs} processes of exec`);
  execs.set(processId, null);
  try {
    const launched = await launch({
      name: `process ${processId} of container ${container.id}`,
      terminal: process.terminal,
      fork: () => clone(0),
      preserved: process.preserved,
      body: (descriptors) =>
        runExec({
          process,
          namespaces,
          idMaps,
          cgroup,
          initPid,
          allowVsock,
          seccomp,
          personality,
          placing: request,
          ...descriptors,
        }),
      adopt: { take: (pid) => isInPidNamespace(pid, namespaces), terminalOf: "first" },
      options: {
        unclaimedMs: unclaimedExitMs,
        onFinished: () => execs.delete(processId),
        onKilled: () => undefined,
      },
    });
    execs.set(processId, launched);
    return launched;
  } catch (thrown) {
    execs.delete(processId);
    throw thrown;
  }
}
