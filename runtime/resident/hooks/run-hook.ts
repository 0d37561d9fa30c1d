import { errorMessage, hookFailure, maxHookOutputBytes, RunvError } from "@runv/protocol";
import type { HookSpec } from "../contract/hooks.ts";
import * as sys from "../sys.ts";

/**
 * Runs one hook to its end.
 * @param verb a descriptor that becomes readable when nobody waits for it any more
 * @returns why it failed; null when it did not. @throws RunvError cancelled
 */
export function runHook(hook: HookSpec, state: string, verb: sys.Fd): string | null {
  let run: sys.CapturedRun;
  try {
    const args = hook.args.length === 0 ? [hook.path] : hook.args;
    run = sys.runCaptured(hook.path, args, hook.env, state, {
      timeoutMs: hook.timeoutMs,
      maxOutputBytes: maxHookOutputBytes,
      cancelFd: verb,
    });
  } catch (thrown) {
    return errorMessage(thrown);
  }
  if (run.cancelled) throw new RunvError("cancelled", "hooks: the verb ended before the hook did");
  const { stdout, stderr } = run;
  const outputs = { stdout: sys.utf8Decode(stdout), stderr: sys.utf8Decode(stderr) };
  return hookFailure({ ...run, ...outputs }, hook.timeoutMs);
}
