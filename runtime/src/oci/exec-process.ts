import { RunvError } from "@runv/protocol/errors";
import type { CapabilityName } from "./linux-names.ts";
import { parseCapabilityName } from "./parse-capabilities.ts";
import type { CapabilitySets, ProcessSpec, UserSpec } from "./process-spec.ts";
import { uint32Max } from "./values.ts";

/** What the flags of `exec` say about the process. */
export interface ExecFlags {
  readonly args: readonly string[];
  /** null: as config.json says. */
  readonly cwd: string | null;
  /** "NAME=value", after those of config.json. */
  readonly env: readonly string[];
  readonly tty: boolean;
  /** "uid" or "uid:gid"; null: as config.json says. */
  readonly user: string | null;
  readonly additionalGids: readonly string[];
  /** null: as config.json says. */
  readonly noNewPrivileges: boolean | null;
  /** Names to add. */
  readonly capabilities: readonly string[];
}

/** The process of an `exec` without process.json: the container's own with what the flags change (runc: exec.go, getProcess). */
export function execProcessSpec(container: ProcessSpec, flags: ExecFlags): ProcessSpec {
  if (flags.args.length === 0) throw new RunvError("invalid-argument", "exec: process args cannot be empty");
  if (flags.cwd !== null && !flags.cwd.startsWith("/")) {
    throw new RunvError("invalid-argument", `exec --cwd: must be an absolute path: ${flags.cwd}`);
  }
  const added = flags.capabilities.map(parseCapability);
  return {
    ...container,
    args: flags.args,
    cwd: flags.cwd ?? container.cwd,
    env: [...container.env, ...flags.env.map(parseVariable)],
    terminal: flags.tty,
    consoleSize: flags.tty ? container.consoleSize : null,
    user: withUser(container.user, flags),
    noNewPrivileges: flags.noNewPrivileges ?? container.noNewPrivileges,
    capabilities:
      added.length === 0 ? container.capabilities : withCapabilities(container.capabilities, added),
  };
}

function withUser(user: UserSpec, flags: ExecFlags): UserSpec {
  const additionalGids = [
    ...user.additionalGids,
    ...flags.additionalGids.map((gid) => parseId(gid, "--additional-gids")),
  ];
  if (flags.user === null || flags.user === "") return { ...user, additionalGids };
  const [uid = "", gid] = flags.user.split(/:(.*)/s, 2);
  return {
    ...user,
    uid: parseId(uid, "--user"),
    gid: gid === undefined ? user.gid : parseId(gid, "--user"),
    additionalGids,
  };
}

function parseId(text: string, flag: string): number {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (id >= 0 && id < uint32Max) return id;
  throw new RunvError("invalid-argument", `exec ${flag}: must be a numeric id: ${JSON.stringify(text)}`);
}

function parseVariable(text: string): string {
  if (text.indexOf("=") > 0) return text;
  throw new RunvError(
    "invalid-argument",
    `exec --env: must be of the form NAME=value: ${JSON.stringify(text)}`,
  );
}

function parseCapability(name: string): CapabilityName {
  const known = parseCapabilityName(name);
  if (known !== null) return known;
  throw new RunvError("invalid-argument", `exec --cap: unknown capability: ${JSON.stringify(name)}`);
}

/** runc adds to all sets but the inheritable one. */
function withCapabilities(sets: CapabilitySets | null, added: readonly CapabilityName[]): CapabilitySets {
  const extend = (set: readonly CapabilityName[] = []) => [...new Set([...set, ...added])];
  return {
    bounding: extend(sets?.bounding),
    effective: extend(sets?.effective),
    inheritable: sets?.inheritable ?? [],
    permitted: extend(sets?.permitted),
    ambient: extend(sets?.ambient),
  };
}

/** A cgroup below the container's. */
export interface SubCgroupSpec {
  /** Of version 1, whose tree is meant; empty: all trees. */
  readonly controller: string;
  /** Empty: the container's own. */
  readonly path: string;
}

/** `exec --cgroup`, runc's "[<controller>[,<controller>…]:]<cgroup>", which with controllers may be given more than once. */
export function parseSubCgroups(texts: readonly string[]): readonly SubCgroupSpec[] {
  const invalid = (text: string, why = ""): RunvError =>
    new RunvError("invalid-argument", `exec: invalid --cgroup argument: ${text}${why}`);
  return texts.flatMap((text) => {
    const [first = "", path, ...others] = text.split(":");
    if (others.length > 0) throw invalid(text);
    if (path === undefined && texts.length > 1) throw invalid(text, " (missing <controller>: prefix)");
    if (path === undefined) return [{ controller: "", path: pathBelow(first) }];
    return first.split(",").map((controller) => {
      if (controller === "") throw invalid(text);
      return { controller, path: pathBelow(path) };
    });
  });
}

function pathBelow(text: string): string {
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes(".."))
    throw new RunvError("invalid-argument", `exec --cgroup: not below the container's: ${text}`);
  return parts.join("/");
}
