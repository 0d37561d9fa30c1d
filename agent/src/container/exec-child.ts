import type { Process } from "@runv/protocol";
import { enterCgroup } from "../linux/cgroups.ts";
import { step } from "../linux/errno.ts";
import { joinNamespaces, type NamespaceSet } from "../linux/namespaces.ts";
import { afterFork, type Fd, setsid } from "../linux/sys.ts";
import { runChild } from "./child-channel.ts";
import { type ChildStreams, wirePipes, wireTerminal } from "./child-stdio.ts";
import { adjustOom, becomeProgram } from "./init-child.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

/** What the forked child of an exec needs to know. */
export interface ExecPlan {
  readonly process: Process;
  readonly namespaces: NamespaceSet;
  readonly cgroup: string;
  readonly allowVsock: boolean;
  readonly streams: ChildStreams | null;
  readonly channel: Fd;
}

/** The life of the child from clone(2), in the container's pid namespace, to execve(2). */
export function runExec(plan: ExecPlan): never {
  afterFork();
  return runChild(plan.channel, () => {
    setsid();
    enterCgroup(plan.cgroup);
    adjustOom(plan.process);
    step("join the container's namespaces", () => joinNamespaces(plan.namespaces));
    return becomeProgram(plan, wireStdio(plan));
  });
}

function wireStdio(plan: ExecPlan): Terminal | null {
  if (plan.streams !== null) {
    wirePipes(plan.streams, plan.channel);
    return null;
  }
  const terminal = openTerminal(plan.process.rows, plan.process.columns);
  wireTerminal(terminal, plan.channel);
  return terminal;
}
