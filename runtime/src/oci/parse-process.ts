import { JsonCursor } from "../shared/json-cursor.ts";
import { ignoreLabel } from "./labels.ts";
import { rlimitTypes } from "./linux-names.ts";
import { parseCapabilities } from "./parse-capabilities.ts";
import { parseExecCpuAffinity, parseIoPriority, parseScheduler } from "./parse-scheduling.ts";
import { type ProcessSpec, type Rlimit, type UserSpec, unlimited } from "./process-spec.ts";
import { refuseUnsupported } from "./refusal.ts";
import { nonEmpty, uint32Max } from "./values.ts";
import type { Warn } from "./warn.ts";

/** Characters of a console: struct winsize of ioctl_tty(2) has 16 bits for each. */
const maxConsoleSide = 65_535;
const maxUmask = 0o7777;
const maxOomScoreAdj = 1000;

/** `ctr oci spec` writes no args (they come with the image), and its spec is to run as it is. */
const defaultArgs = ["/bin/sh"];

/** Accepts the content of `exec --process FILE`. @throws RunvError invalid-argument or unsupported, naming the field. */
export function parseProcessFile(document: unknown, warn: Warn): ProcessSpec {
  return parseProcess(new JsonCursor(document, "process.json"), warn, null);
}

/** Accepts `process` of config.json. */
export function parseInitProcess(process: JsonCursor, warn: Warn): ProcessSpec {
  return parseProcess(process, warn, defaultArgs);
}

/** @param whenAbsent what runs when there are no `args`; null: they are required. */
function parseProcess(process: JsonCursor, warn: Warn, whenAbsent: readonly string[] | null): ProcessSpec {
  refuseUnsupported(process, "process");
  ignoreLabel(process.member("apparmorProfile"), "AppArmor", warn);
  ignoreLabel(process.member("selinuxLabel"), "SELinux", warn);
  const terminal = process.member("terminal").optional((value) => value.boolean(), false);
  return {
    terminal,
    // "Runtimes MUST ignore consoleSize if terminal is false" (config.md, "Process").
    consoleSize: terminal ? process.member("consoleSize").optional(parseConsoleSize, null) : null,
    user: parseUser(process.member("user")),
    args: parseArgs(process.member("args"), warn, whenAbsent),
    env: process.member("env").array(parseVariable),
    cwd: parseCwd(process.member("cwd")),
    capabilities: process.member("capabilities").optional((value) => parseCapabilities(value, warn), null),
    rlimits: parseRlimits(process.member("rlimits")),
    noNewPrivileges: process.member("noNewPrivileges").optional((value) => value.boolean(), false),
    oomScoreAdj: process
      .member("oomScoreAdj")
      .optional((value) => value.integer(-maxOomScoreAdj, maxOomScoreAdj), null),
    scheduler: process.member("scheduler").optional(parseScheduler, null),
    ioPriority: process.member("ioPriority").optional(parseIoPriority, null),
    execCpuAffinity: parseExecCpuAffinity(process.member("execCPUAffinity")),
  };
}

function parseConsoleSize(size: JsonCursor): ProcessSpec["consoleSize"] {
  return {
    rows: size.member("height").integer(0, maxConsoleSide),
    columns: size.member("width").integer(0, maxConsoleSide),
  };
}

function parseUser(user: JsonCursor): UserSpec {
  refuseUnsupported(user, "user");
  return {
    uid: user.member("uid").optional(parseNumericId, 0),
    gid: user.member("gid").optional(parseNumericId, 0),
    additionalGids: user.member("additionalGids").array(parseNumericId),
    umask: user.member("umask").optional((value) => value.integer(0, maxUmask), null),
  };
}

/** The greatest u32 means "leave alone" to setuid(2) and is no id. */
function parseNumericId(id: JsonCursor): number {
  return id.integer(0, uint32Max - 1);
}

function parseArgs(args: JsonCursor, warn: Warn, whenAbsent: readonly string[] | null): readonly string[] {
  if (!args.isPresent && whenAbsent !== null) {
    warn(`${args.path}: absent: running ${whenAbsent.join(" ")}`);
    return whenAbsent;
  }
  const parsed = args.strings();
  if (parsed.length === 0) args.fail("must be a non-empty array of strings");
  return parsed;
}

function parseVariable(variable: JsonCursor): string {
  const text = variable.string();
  if (text.indexOf("=") < 1) variable.fail(`must be of the form NAME=value`);
  return text;
}

function parseCwd(cwd: JsonCursor): string {
  const path = cwd.optional(nonEmpty, "");
  if (!path.startsWith("/")) cwd.fail("must be an absolute path");
  return path;
}

function parseRlimits(rlimits: JsonCursor): readonly Rlimit[] {
  const parsed = rlimits.array(parseRlimit);
  const types = parsed.map((rlimit) => rlimit.type);
  const twice = types.find((type, index) => types.indexOf(type) !== index);
  if (twice !== undefined) rlimits.fail(`has ${twice} twice`);
  return parsed;
}

function parseRlimit(rlimit: JsonCursor): Rlimit {
  const type = rlimit.member("type").oneOf(rlimitTypes);
  const soft = parseLimit(rlimit.member("soft"));
  const hard = parseLimit(rlimit.member("hard"));
  if (hard !== unlimited && (soft === unlimited || soft > hard)) rlimit.fail("soft must not exceed hard");
  return { type, soft, hard };
}

/** A u64. JSON's numbers are exact up to 2^53 - 1; every limit beyond, RLIM_INFINITY first of all, is no limit in practice. */
function parseLimit(limit: JsonCursor): number {
  const value = limit.optional((present) => present.integer(0, 2 ** 64), 0);
  return value > Number.MAX_SAFE_INTEGER ? unlimited : value;
}
