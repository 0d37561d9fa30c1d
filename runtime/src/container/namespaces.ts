import type { Hooks } from "../oci/hooks-spec.ts";
import { vsockSocketOf } from "../sandbox/attached.ts";
import type { StoragePlan } from "../sandbox/storage-plan.ts";
import type { ProcessIdentity } from "../shared/process-identity.ts";
import type { Releases } from "../shared/releases.ts";
import type { StartedResident } from "../shared/resident.ts";
import type { ContainerRecord } from "../state/container-record.ts";
import type { Bundle } from "./bundle.ts";
import type { Context } from "./context.ts";
import { runHooks } from "./hooks.ts";
import type { PreservedCount } from "./preserved.ts";
import { startProxy } from "./proxy.ts";
import type { proxyTerminal } from "./terminal.ts";

interface Making {
  readonly bundle: Bundle;
  readonly record: ContainerRecord;
  readonly storage: Pick<StoragePlan, "hostRoot">;
  readonly terminal: ReturnType<typeof proxyTerminal>;
  readonly preserved: PreservedCount;
}

/**
 * Makes the namespaces that callers know, and lets hooks fill them: where there are some, before the machine boots and the root file
 * system is handed to the guest, so that what they do to it counts. @returns the proxy in them, which waits. @throws RunvError of a hook that failed
 */
export async function makeNamespaces(
  work: Making,
  context: Context,
  releases: Releases,
): Promise<StartedResident> {
  const { bundle, record, storage, terminal, preserved } = work;
  const proxy = await startProxy({
    container: record.id,
    process: "",
    vsockSocket: vsockSocketOf(record.vmDirectory),
    terminal,
    preserved: preserved.listening + preserved.asked,
    namespaces: { root: storage.hostRoot, hostname: bundle.spec.hostname },
    hold: true,
    cgroups: record.cgroups,
    oomScoreAdj: bundle.spec.process.oomScoreAdj,
    signal: context.signal,
  });
  releases.add("proxy", proxy.abandon);
  await runCreationHooks(work, proxy.identity, context);
  return proxy;
}

/** Whether hooks are run before the container is made. */
export function hasCreationHooks({ prestart, createRuntime, createContainer }: Hooks): boolean {
  return [prestart, createRuntime, createContainer].some((hooks) => hooks.length > 0);
}

/**
 * createContainer hooks are run as runc runs them: in the container's namespaces on the host and in its cgroup, from its root by the path
 * on the host.
 */
async function runCreationHooks(work: Making, proxy: ProcessIdentity, context: Context): Promise<void> {
  const { bundle, record, storage } = work;
  const { hooks, process } = bundle.spec;
  const moment = { record, status: "creating", pid: proxy.pid } as const;
  const beside = { ...moment, place: { join: null, cwd: bundle.path, cgroups: [], env: null } };
  await runHooks("prestart", hooks.prestart, beside, context);
  await runHooks("createRuntime", hooks.createRuntime, beside, context);
  const place = { join: proxy, cwd: storage.hostRoot, cgroups: record.cgroups, env: process.env };
  await runHooks("createContainer", hooks.createContainer, { ...moment, place }, context);
}
