import { RunvError } from "@runv/protocol/errors";
import { type HookRunnerSpec, hookRunnerContractVersion } from "../../resident/contract/hooks.ts";
import type { Hook, HookKind } from "../oci/hooks-spec.ts";
import { hookState } from "../oci/state-json.ts";
import { residentProgram } from "../shared/installation.ts";
import { hookRunTimeoutMs } from "../shared/limits.ts";
import type { ProcessIdentity } from "../shared/process-identity.ts";
import { startResident } from "../shared/resident.ts";
import type { ContainerRecord } from "../state/container-record.ts";
import type { Context } from "./context.ts";

/** When hooks are run. */
export interface HookMoment {
  readonly record: ContainerRecord;
  readonly status: "creating" | "running" | "stopped";
  /** Of the container's process on the host; 0 when it has ended. */
  readonly pid: number;
}

/** Where hooks are run. */
export interface HookPlace {
  /** In whose namespaces; null: the verb's. */
  readonly join: ProcessIdentity | null;
  /** null: the verb's. */
  readonly cwd: string | null;
  readonly cgroups: readonly string[];
  /** Of hooks without an `env`; null: the verb's, as with runc. */
  readonly env: readonly string[] | null;
}

const ownPlace: HookPlace = { join: null, cwd: null, cgroups: [], env: null };

/** Runs hooks one after the other, up to the first that fails. @throws RunvError that names it and says what it said. */
export async function runHooks(
  kind: HookKind,
  hooks: readonly Hook[],
  moment: HookMoment & { readonly place?: HookPlace },
  context: Context,
): Promise<void> {
  const spec = { ...runnerSpec(kind, hooks, moment, moment.place ?? ownPlace), tolerant: false };
  const [failure] = await runAll(spec, context);
  if (failure !== undefined) throw new RunvError("invalid-state", `error running hook: ${failure}`);
}

/** Runs them all; one that fails is a warning (runtime-spec: runtime.md, "Lifecycle"). */
export async function runPoststop(record: ContainerRecord, context: Context): Promise<void> {
  const moment = { record, status: "stopped", pid: 0 } as const;
  const spec = { ...runnerSpec("poststop", record.hooks.poststop, moment, ownPlace), tolerant: true };
  try {
    for (const failure of await runAll(spec, context)) context.log.warning(`error running hook: ${failure}`);
  } catch (error) {
    if (!(error instanceof RunvError)) throw error;
    context.log.warning(`poststop hooks: ${error.message}`);
  }
}

function runnerSpec(
  kind: HookKind,
  hooks: readonly Hook[],
  moment: HookMoment,
  place: HookPlace,
): Omit<HookRunnerSpec, "tolerant"> {
  const env = place.env ?? Object.entries(process.env).map(([name, value]) => `${name}=${value ?? ""}`);
  return {
    version: hookRunnerContractVersion,
    kind,
    hooks: hooks.map((hook) => ({ ...hook, env: hook.env ?? env })),
    state: JSON.stringify(hookState(moment.record, moment.status, moment.pid)),
    cwd: place.cwd,
    cgroups: place.cgroups,
    join: place.join,
  };
}

/** @returns what failed, a sentence each */
async function runAll(spec: HookRunnerSpec, context: Context): Promise<readonly string[]> {
  if (spec.hooks.length === 0) return [];
  const runner = await startResident(residentProgram("runv-hook"), {
    what: `hooks ${spec.kind}`,
    stdio: ["ignore", "ignore", "ignore"],
    files: [],
    spec,
    timeoutMs: hookRunTimeoutMs,
    signal: context.signal,
  });
  try {
    const failures: string[] = [];
    for (let { event } = runner; event["event"] !== "ended"; event = await runner.nextEvent(hookRunTimeoutMs))
      failures.push(typeof event["message"] === "string" ? event["message"] : "failed");
    return failures;
  } finally {
    await runner.abandon();
  }
}
