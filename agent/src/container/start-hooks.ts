import {
  errorMessage,
  type Hook,
  hookFailure,
  maxHookOutputBytes,
  parseJsonObject,
  RunvError,
  type StartContainerHooks,
} from "@runv/protocol";
import { type CapturedRun, type Fd, getpid, runCaptured, utf8Decode, write } from "../linux/sys.ts";
import { encodeChildMessage } from "./child-channel.ts";

/** Of hooks without a timeout: the host's own bound for them. */
const unboundedHookMs = 86_400_000;

/**
 * Runs them as what the caller is now: the container's init, with the rights of its program and in its directory (runtime-spec: config.md,
 * "POSIX-platform Hooks"; where in the start, and with which pid: runc).
 * @param channel becomes readable when the agent has given up. @throws RunvError of the first that fails
 */
export function runStartHooks(startHooks: StartContainerHooks | undefined, channel: Fd): void {
  if (startHooks === undefined || startHooks.hooks.length === 0) return;
  const state = JSON.stringify({ ...parseJsonObject(startHooks.state), pid: getpid() });
  for (const [index, hook] of startHooks.hooks.entries()) {
    const failure = runHook(hook, state, channel);
    if (failure === null) continue;
    throw new RunvError(
      "invalid-state",
      `error running hook: startContainer[${index}]: ${hook.path}: ${failure}`,
    );
  }
  write(channel, encodeChildMessage({ event: "hooked" }));
}

/** How long they may take altogether. */
export function startHooksDeadlineMs(startHooks: StartContainerHooks | undefined): number {
  const limits = (startHooks?.hooks ?? []).map(({ timeoutMs }) =>
    timeoutMs === 0 ? unboundedHookMs : timeoutMs,
  );
  return Math.min(
    limits.reduce((sum, limit) => sum + limit, 0),
    unboundedHookMs,
  );
}

/** @returns why it failed; null when it did not */
function runHook(hook: Hook, state: string, channel: Fd): string | null {
  let run: CapturedRun;
  try {
    run = runCaptured(hook.path, hook.args.length === 0 ? [hook.path] : hook.args, hook.env, state, {
      timeoutMs: hook.timeoutMs,
      maxOutputBytes: maxHookOutputBytes,
      cancelFd: channel,
    });
  } catch (thrown) {
    return errorMessage(thrown);
  }
  if (run.cancelled) return "the start was given up";
  const outputs = { stdout: utf8Decode(run.stdout), stderr: utf8Decode(run.stderr) };
  return hookFailure({ ...run, ...outputs }, hook.timeoutMs);
}
