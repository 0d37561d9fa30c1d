import type { JsonCursor } from "../shared/json-cursor.ts";
import type { Hook, HookKind, Hooks } from "./hooks-spec.ts";
import { absolutePath } from "./values.ts";

/** What a timer can hold: over 24 days. */
const maxTimeoutMs = 2 ** 31 - 1;

/** Accepts `hooks` of config.json, or of a container's state. */
export function parseHooks(hooks: JsonCursor): Hooks {
  const kind = (name: HookKind): readonly Hook[] => hooks.member(name).array(parseHook);
  return {
    prestart: kind("prestart"),
    createRuntime: kind("createRuntime"),
    createContainer: kind("createContainer"),
    startContainer: kind("startContainer"),
    poststart: kind("poststart"),
    poststop: kind("poststop"),
  };
}

/** `timeout` is in seconds, and must be greater than zero (config.md, "POSIX-platform Hooks"). */
function parseHook(hook: JsonCursor): Hook {
  return {
    path: absolutePath(hook.member("path")),
    args: hook.member("args").strings(),
    env: hook.member("env").optional((env) => env.strings(), null),
    timeoutMs: hook
      .member("timeout")
      .optional((timeout) => Math.min(timeout.integer(1, Number.MAX_SAFE_INTEGER) * 1000, maxTimeoutMs), 0),
  };
}
