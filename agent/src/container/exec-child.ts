import { type CreateProcessRequest, type Process, RunvError } from "@runv/protocol";
import type { Cgroup } from "../linux/cgroups/cgroup.ts";
import { errnoOf, step } from "../linux/errno.ts";
import {
  CLONE_PARENT,
  joinNamespaces,
  type NamespaceSet,
  namespaceDescriptors,
} from "../linux/namespaces.ts";
import { applyAffinity } from "../linux/scheduling.ts";
import type { SeccompFilter } from "../linux/seccomp-profile.ts";
import { afterFork, clone, closeFrom, exit, write } from "../linux/sys.ts";
import { becomeNamespaceRoot, type IdMaps } from "../linux/user-namespace.ts";
import { awaitAgent, encodeChildMessage, handOverMaster, runChild } from "./child-channel.ts";
import { type ChildDescriptors, leadSession, wireDescriptors } from "./child-stdio.ts";
import { adjustOom, becomeProgram } from "./init-child.ts";
import { bringOutside } from "./outside.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

const firstOther = 3;

/** What the forked child of an exec needs to know. */
export interface ExecPlan extends ChildDescriptors {
  readonly process: Process;
  readonly namespaces: NamespaceSet;
  /** Of the container's user namespace; null: it has the guest's. */
  readonly idMaps: IdMaps | null;
  readonly cgroup: Cgroup;
  /** Of the container's init. */
  readonly initPid: number;
  readonly allowVsock: boolean;
  /** The container's profile; null: it has none. */
  readonly seccomp: SeccompFilter | null;
  /** The container's; empty: left alone. */
  readonly personality: string;
  /** Where it may run, and the cgroup below the container's. */
  readonly placing: Pick<CreateProcessRequest, "initialProcessors" | "finalProcessors" | "subCgroups">;
}

/**
 * The life of an exec up to execve(2), in two processes: a tracer in the container sees (and can enter, by /proc/<pid>/root,
 * cwd and fd) whatever is in its pid namespace, so the first leaves everything of the agent behind, out of its sight, and only
 * then makes the second there.
 */
export function runExec(plan: ExecPlan): never {
  afterFork();
  return runChild(plan.channel, () => {
    const { initialProcessors, finalProcessors, subCgroups } = plan.placing;
    applyAffinity(initialProcessors, "initial");
    if (subCgroups.length === 0) plan.cgroup.join(plan.initPid);
    else plan.cgroup.joinBelow(subCgroups);
    applyAffinity(finalProcessors, "final");
    adjustOom(plan.process);
    if (plan.idMaps !== null) bringOutside(plan.process, plan.idMaps, plan);
    const { channel, streams, preserved } = plan;
    closeFrom(firstOther, [
      channel,
      ...(streams ?? []),
      ...preserved,
      ...namespaceDescriptors(plan.namespaces),
    ]);
    step("join the container's namespaces", () => joinNamespaces(plan.namespaces));
    if (plan.idMaps !== null) becomeNamespaceRoot();
    const terminal = wireStdio(plan);
    const pid = cloneInside();
    if (pid > 0) {
      write(plan.channel, encodeChildMessage({ event: "moved", pid }));
      return exit(0);
    }
    // One that ended before the agent knows it would be reaped as anybody's, and its error taken for another's.
    awaitAgent(plan.channel);
    leadSession(terminal);
    return becomeProgram(plan);
  });
}

/** As our sibling, so that it is the agent's child. */
function cloneInside(): number {
  try {
    return clone(CLONE_PARENT);
  } catch (thrown) {
    // What the kernel says in a pid namespace whose init has ended (pid_namespaces(7)).
    if (errnoOf(thrown) === "ENOMEM")
      throw new RunvError(
        "invalid-state",
        "cannot exec: container not running, or the guest has no memory left",
      );
    throw thrown;
  }
}

function wireStdio(plan: ExecPlan): Terminal | null {
  if (plan.streams !== null) {
    wireDescriptors(plan, null);
    return null;
  }
  const terminal = openTerminal(plan.process.rows, plan.process.columns);
  handOverMaster(plan.channel, terminal.master);
  wireDescriptors(plan, terminal);
  return terminal;
}
