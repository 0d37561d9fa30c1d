import { type HookRunnerSpec, type HookSpec, hookRunnerContractVersion } from "../contract/hooks.ts";
import { parseBoolean, parseFields, parseInteger, parseList, parsePath, parseString } from "./fields.ts";
import { parseJoin } from "./proxy-spec.ts";
import { checkVersion } from "./version.ts";

const maxTimeoutMs = 2 ** 31 - 1;
/** A state holds the container's annotations. */
const maxStateLength = 4_194_304;
const maxArguments = 65_536;

/** @throws RunvError that names the field. */
export function parseHookRunnerSpec(value: unknown): HookRunnerSpec {
  const spec = parseFields(value, "spec");
  checkVersion(spec, hookRunnerContractVersion, "runv-hook");
  const { cwd, join } = spec;
  return {
    version: hookRunnerContractVersion,
    kind: parseString(spec["kind"], "kind"),
    hooks: parseList(spec["hooks"], "hooks", parseHook),
    state: parseString(spec["state"], "state", maxStateLength),
    cwd: cwd === null ? null : parsePath(cwd, "cwd"),
    cgroups: parseList(spec["cgroups"], "cgroups", parsePath),
    join: join === null ? null : parseJoin(join, "join"),
    tolerant: parseBoolean(spec["tolerant"], "tolerant"),
  };
}

function parseHook(value: unknown, where: string): HookSpec {
  const hook = parseFields(value, where);
  const parseText = (item: unknown, place: string): string => parseString(item, place);
  return {
    path: parseString(hook["path"], `${where}.path`),
    args: parseList(hook["args"], `${where}.args`, parseText, maxArguments),
    env: parseList(hook["env"], `${where}.env`, parseText, maxArguments),
    timeoutMs: parseInteger(hook["timeoutMs"], `${where}.timeoutMs`, 0, maxTimeoutMs),
  };
}
