import type { RunvError } from "@runv/protocol";
import { openVerbChannel, verbFd } from "../channel/verb.ts";
import type { HookRunnerEvent, HookRunnerSpec } from "../contract/hooks.ts";
import { joinCgroups } from "../linux/cgroups.ts";
import { closeDescriptors, inheritedDescriptors } from "../linux/inherited.ts";
import { joinNamespaces } from "../linux/join-namespaces.ts";
import { step, stepFailure } from "../linux/system-error.ts";
import { parseHookRunnerSpec } from "../parse/hooks-spec.ts";
import * as sys from "../sys.ts";
import { runHook } from "./run-hook.ts";

/** A spec can hold what a config.json holds, whose own bound is half of this. */
const maxSpecBytes = 1 << 23;

/** Runs the hooks of one kind, one after the other, for a verb that waits for it. */
closeDescriptors(inheritedDescriptors());
const channel = openVerbChannel(
  {
    onSpec: (value) => {
      runHooks(parseHookRunnerSpec(value));
      leave({ event: "ended" }, 0);
    },
    onCommit: () => false,
    onGone: (reason) => fail(reason),
  },
  maxSpecBytes,
);

function runHooks(spec: HookRunnerSpec): void {
  joinCgroups(spec.cgroups);
  if (spec.join !== null) joinNamespaces(spec.join);
  const { cwd } = spec;
  if (cwd !== null) step(`enter ${cwd}`, () => sys.chdir(cwd));
  for (const [index, hook] of spec.hooks.entries()) {
    const failure = runHook(hook, spec.state, verbFd);
    if (failure === null) continue;
    send({ event: "hook-failed", message: `${spec.kind}[${index}]: ${hook.path}: ${failure}` });
    if (!spec.tolerant) return;
  }
}

function fail(thrown: unknown): never {
  const error = stepFailure("hooks", thrown);
  return leave({ event: "failed", code: failureCode(error), message: error.message }, 1);
}

type FailureCode = Extract<HookRunnerEvent, { event: "failed" }>["code"];

function failureCode({ code }: RunvError): FailureCode {
  return code === "not-found" || code === "cancelled" ? code : "internal";
}

function send(event: HookRunnerEvent): void {
  channel.send(event);
}

function leave(event: HookRunnerEvent, status: number): never {
  send(event);
  return sys.exit(status);
}

sys.runLoop((error) => fail(error));
