import type { CreateContainerRequest, Process, StartContainerHooks } from "@runv/protocol";
import type { Cgroup } from "../linux/cgroups/cgroup.ts";
import { bindConsole } from "../linux/devices.ts";
import { step } from "../linux/errno.ts";
import { CLONE_NEWCGROUP } from "../linux/namespaces.ts";
import { applyPersonality, applyScheduling } from "../linux/scheduling.ts";
import type { SeccompFilter } from "../linux/seccomp-profile.ts";
import {
  afterFork,
  execve,
  execveFiltered,
  interfaceUp,
  setdomainname,
  sethostname,
  unshare,
  writeFile,
} from "../linux/sys.ts";
import { handOverMaster, runChild, waitForGoAhead } from "./child-channel.ts";
import { type ChildDescriptors, leadSession, wireDescriptors } from "./child-stdio.ts";
import { becomeUser, environmentOf, filterWithRights, lookUp } from "./credentials.ts";
import { execFailure, findExecutable } from "./executable.ts";
import { beginsOutside, moveInside, nothingOutside } from "./outside.ts";
import { buildRootfs, closeRootfs } from "./rootfs.ts";
import { runStartHooks } from "./start-hooks.ts";
import { applySysctls } from "./sysctls.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

/** At -1000 the agent alone: a guest with nobody left to kill for memory panics (mm/oom_kill.c, out_of_memory). */
const lowestOomScoreAdj = -999;

/** What the forked child of a container's init needs to know. */
export interface InitPlan extends ChildDescriptors {
  readonly request: CreateContainerRequest;
  readonly process: Process;
  readonly rootfs: string;
  readonly cgroup: Cgroup;
  readonly allowVsock: boolean;
  /** The container's profile; null: it has none. */
  readonly seccomp: SeccompFilter | null;
  /** Its domain; empty: left alone. */
  readonly personality: string;
  /** Of the guest, for device nodes that cannot be made in the container. */
  readonly deviceDirectory: string;
  /** Flags of clone(2) with which its namespaces are made. */
  readonly cloneFlags: number;
}

/** The life of the child from clone(2) to execve(2); it is born in its new namespaces, or makes another one there in its place. */
export function runInit(plan: InitPlan): never {
  afterFork();
  return runChild(plan.channel, () => {
    plan.cgroup.enter();
    adjustOom(plan.process);
    const made = beginsOutside(plan.request) ? moveInside(plan) : nothingOutside;
    step("make cgroup namespace", () => unshare(CLONE_NEWCGROUP));
    nameHost(plan.request);
    // Also the guest's own, for a container without a network of its own.
    step("bring up lo", () => interfaceUp("lo"));
    applySysctls(plan.request.sysctls);
    buildRootfs(plan, made);
    const terminal = wireStdio(plan);
    leadSession(terminal);
    closeRootfs(plan.request);
    return becomeProgram(plan, plan.request.startContainerHooks);
  });
}

/** The last steps, which a further process of the container takes as well. */
export function becomeProgram(
  plan: Pick<InitPlan, "process" | "allowVsock" | "seccomp" | "personality" | "channel">,
  hooks?: StartContainerHooks,
): never {
  const { process, seccomp } = plan;
  applyPersonality(plan.personality);
  applyScheduling(process);
  // Before the user's rights and limits count: a passwd file that only root reads still says where home is.
  const env = environmentOf(process);
  const capabilities = becomeUser(process, plan.allowVsock, seccomp !== null);
  const program = findExecutable(process.args[0] ?? "", lookUp(env, "PATH"));
  const last = seccomp === null ? null : filterWithRights(seccomp, process, capabilities);
  waitForGoAhead(plan.channel);
  runStartHooks(hooks, plan.channel);
  try {
    if (last === null) return execve(program, process.args, env);
    return execveFiltered(program, process.args, env, last.program, last.flags);
  } catch (thrown) {
    throw execFailure(program, thrown);
  }
}

/** Written while the guest's own /proc and the privilege are still there. */
export function adjustOom(process: Process): void {
  // The agent itself is never killed for memory; what it starts does not inherit that.
  const value = Math.max(process.oomScoreAdj ?? 0, lowestOomScoreAdj);
  step("set oom_score_adj", () => writeFile("/proc/self/oom_score_adj", String(value)));
}

function nameHost(request: CreateContainerRequest): void {
  if (request.hostname !== "") step("set hostname", () => sethostname(request.hostname));
  if (request.domainname !== "") step("set domainname", () => setdomainname(request.domainname));
}

function wireStdio(plan: InitPlan): Terminal | null {
  if (plan.streams !== null) {
    wireDescriptors(plan, null);
    return null;
  }
  const terminal = openTerminal(plan.process.rows, plan.process.columns);
  handOverMaster(plan.channel, terminal.master);
  wireDescriptors(plan, terminal);
  bindConsole(terminal.path);
  return terminal;
}
