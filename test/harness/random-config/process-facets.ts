import { posix } from "node:path";
import { type Facet, fieldsBelow, shuffled, someOf } from "./draft.ts";
import { mappedOf, outsideOf } from "./id-maps.ts";

/** Longest "NAME=value" of execve(2), with its NUL (MAX_ARG_STRLEN). */
const maxStringBytes = 131_072;
const hexOf = (text: string): string => Buffer.from(text).toString("hex");
/** Standard input, without what a shell would make of it. */
const inHex = "od -An -v -tx1 | tr -d ' \\n'; echo";

const capabilityBits = {
  CAP_CHOWN: 0,
  CAP_DAC_OVERRIDE: 1,
  CAP_FOWNER: 3,
  CAP_KILL: 5,
  CAP_SETGID: 6,
  CAP_NET_BIND_SERVICE: 10,
  CAP_SYS_CHROOT: 18,
  CAP_AUDIT_WRITE: 29,
  CAP_CHECKPOINT_RESTORE: 40,
} as const;
const capabilityNames = Object.entries(capabilityBits);

const argumentsFacet: Facet = {
  fields: ["process.args"],
  ask: ({ checks }) => {
    // What they are is chosen last.
    checks.push({
      name: "arguments",
      script: `for word; do printf %s "$word" | ${inHex}; done`,
      expected: "",
    });
  },
};

const environment: Facet = {
  fields: ["process.env"],
  ask: ({ process, checks }, random) => {
    const value = random.pick([
      "",
      " ",
      "=",
      "a=b=c",
      "\n",
      "'\"$`\\",
      "é🦉",
      "\t\u001b[31m\r",
      "x".repeat(maxStringBytes - "ODD_1=".length - 1),
    ]);
    process.env.push(`ODD_1=${value}`);
    checks.push({
      name: "environment",
      script: `printf %s "$ODD_1" | ${inHex}`,
      expected: `${hexOf(value)}\n`,
    });
  },
};

const ids: Facet = {
  fields: fieldsBelow("process.user", "uid", "gid", "additionalGids"),
  ask: ({ process: { user }, checks, isRoot, maps }, random) => {
    const id = isRoot ? 0 : random.pick(mappedOf(maps?.uids, [1, 65_534, 65_536, 2 ** 31, 2 ** 32 - 2]));
    const gid = random.pick(mappedOf(maps?.gids, [0, 5, 65_535, 2 ** 32 - 2]));
    const groups = random
      .pick([
        [],
        [7],
        [3, 1, 2, 1],
        [2 ** 32 - 2],
        [gid],
        Array.from({ length: 300 }, (_, index) => index + 10),
      ])
      .filter((group) => outsideOf(maps?.gids, group) !== null);
    Object.assign(user, { uid: id, gid, additionalGids: groups });
    const script =
      "awk '/^(Uid|Gid|Groups):/ { $1 = \"\"; print }' /proc/self/status | sed 's/^ *//; s/ *$//'";
    const four = (value: number): string => Array.from({ length: 4 }, () => value).join(" ");
    // setgroups(2) keeps what is said twice.
    const sorted = groups.toSorted((one, other) => one - other).join(" ");
    checks.push({ name: "ids", script, expected: `${four(id)}\n${four(gid)}\n${sorted}\n` });
  },
};

const umask: Facet = {
  fields: ["process.user.umask"],
  ask: ({ process: { user }, checks }, random) => {
    const value = random.pick([0, 0o22, 0o77, 0o777]);
    Object.assign(user, { umask: value });
    checks.push({ name: "umask", script: "umask", expected: `0${value.toString(8).padStart(3, "0")}\n` });
  },
};

const directory: Facet = {
  fields: ["process.cwd"],
  ask: ({ process, checks }, random) => {
    const cwd = random.pick(["/", "/tmp", "/proc/", "/dev/shm/../shm", "//bin/."]);
    process["cwd"] = cwd;
    checks.push({ name: "cwd", script: "pwd -P", expected: `${posix.resolve(cwd)}\n` });
  },
};

/** One set for what a process may have: root's exec gives it all of that, and another user's what is ambient (capabilities(7)). */
const capabilities: Facet = {
  fields: fieldsBelow("process.capabilities", "bounding", "effective", "inheritable", "permitted", "ambient"),
  ask: ({ process, checks, isRoot, warnings }, random) => {
    const isAmbient = random.below(2) === 0;
    // Who is not root would write with it where other facets look whether they cannot.
    const chosen = someOf(random, capabilityNames).filter(
      ([name]) => isRoot || !isAmbient || name !== "CAP_DAC_OVERRIDE",
    );
    const set = [...chosen, ...chosen].map(([name]) => name);
    const ambient = isAmbient ? set : [];
    const unknown = random.pick([[], ["CAP_NO_SUCH"], ["cap_chown"], ["é🦉 \n"]]);
    if (unknown.length > 0) warnings.push("process.capabilities.bounding: unknown capability");
    const bounding = [...set, ...unknown];
    process["capabilities"] = { bounding, effective: set, permitted: set, inheritable: ambient, ambient };
    const mask = (bits: readonly (readonly [string, number])[]): string =>
      bits
        .reduce((sum, [, bit]) => sum | (1n << BigInt(bit)), 0n)
        .toString(16)
        .padStart(16, "0");
    const had = isRoot || ambient.length > 0 ? mask(chosen) : mask([]);
    const raised = ambient.length > 0 ? mask(chosen) : mask([]);
    const expected = [raised, had, had, mask(chosen), raised].join("\n");
    checks.push({
      name: "capabilities",
      script: "awk '/^Cap/ { print $2 }' /proc/self/status",
      expected: `${expected}\n`,
    });
  },
};

const privileges: Facet = {
  fields: ["process.noNewPrivileges", "process.oomScoreAdj"],
  ask: ({ process, checks, possibleWarnings }, random) => {
    // On the host a lower value needs CAP_SYS_RESOURCE.
    possibleWarnings.push("oom_score_adj of the virtual machine");
    const noNewPrivileges = random.below(2) === 0;
    const oomScoreAdj = random.pick([-999, -1, 0, 1, 1000]);
    Object.assign(process, { noNewPrivileges, oomScoreAdj });
    const script = "awk '/^NoNewPrivs/ { print $2 }' /proc/self/status; cat /proc/self/oom_score_adj";
    checks.push({ name: "privileges", script, expected: `${Number(noNewPrivileges)}\n${oomScoreAdj}\n` });
  },
};

/** In the order of /proc/self/limits. What holds for all of the shell's own work is wide. */
const limitLines = {
  RLIMIT_CPU: { line: "Max cpu time", least: 3600 },
  RLIMIT_FSIZE: { line: "Max file size", least: 2 ** 30 },
  RLIMIT_DATA: { line: "Max data size", least: 2 ** 30 },
  RLIMIT_STACK: { line: "Max stack size", least: 2 ** 23 },
  RLIMIT_CORE: { line: "Max core file size", least: 0 },
  RLIMIT_RSS: { line: "Max resident set", least: 0 },
  RLIMIT_NPROC: { line: "Max processes", least: 500 },
  RLIMIT_NOFILE: { line: "Max open files", least: 64 },
  RLIMIT_MEMLOCK: { line: "Max locked memory", least: 0 },
  RLIMIT_AS: { line: "Max address space", least: 2 ** 30 },
  RLIMIT_LOCKS: { line: "Max file locks", least: 0 },
  RLIMIT_SIGPENDING: { line: "Max pending signals", least: 0 },
  RLIMIT_MSGQUEUE: { line: "Max msgqueue size", least: 0 },
  RLIMIT_NICE: { line: "Max nice priority", least: 0 },
  RLIMIT_RTPRIO: { line: "Max realtime priority", least: 0 },
  RLIMIT_RTTIME: { line: "Max realtime timeout", least: 2 ** 31 },
} as const;

const limits: Facet = {
  fields: fieldsBelow("process.rlimits[]", "type", "soft", "hard"),
  ask: ({ process, checks }, random) => {
    const chosen = someOf(random, Object.entries(limitLines)).map(([type, { line, least }]) => {
      const most =
        type === "RLIMIT_NOFILE" ? [1024, 1_048_576] : [2 ** 31, 2 ** 40, 2 ** 53, 2 ** 63, 2 ** 64];
      const hard = random.pick([least, ...most]);
      return { type, line, hard, soft: random.pick([hard, least]) };
    });
    process["rlimits"] = shuffled(random, chosen).map(({ type, hard, soft }) => ({ type, hard, soft }));
    const text = (value: number): string => (value >= 2 ** 53 ? "unlimited" : String(value));
    const expected = chosen.map(({ soft, hard }) => `${text(soft)} ${text(hard)}\n`).join("");
    const lines = chosen.map(({ line }) => line).join("|");
    const script = `grep -E '^(${lines || "none"})' /proc/self/limits | cut -c 27- | awk '{ print $1, $2 }'`;
    checks.push({ name: "limits", script, expected });
  },
};

/** Files have the ids of the process that makes them. */
const madeFiles: Facet = {
  fields: fieldsBelow("process.user", "uid", "gid"),
  ask: ({ process: { user }, checks }) => {
    const script = "touch /dev/shm/made && stat -c %u:%g /dev/shm/made";
    checks.push({ name: "made files", script, expected: `${Number(user["uid"])}:${Number(user["gid"])}\n` });
  },
};

/** "Runtimes MUST ignore consoleSize if terminal is false" (config.md, "Process"). */
const noTerminal: Facet = {
  fields: fieldsBelow("process.consoleSize", "height", "width"),
  ask: ({ process, checks }, random) => {
    process["consoleSize"] = random.pick([{ height: 1, width: 2 }, { height: 65_535, width: 0 }, {}]);
    checks.push({ name: "no terminal", script: "tty", expected: "not a tty\n" });
  },
};

const labels: Facet = {
  fields: ["process.apparmorProfile", "process.selinuxLabel", "linux.mountLabel"],
  ask: ({ process, linux, warnings }, random) => {
    const label = random.pick(["profile", "system_u:object_r:container_t:s0:c1,c2", "é🦉", "a\nb"]);
    Object.assign(process, { apparmorProfile: label, selinuxLabel: label });
    linux["mountLabel"] = label;
    warnings.push("process.apparmorProfile", "process.selinuxLabel", "linux.mountLabel");
  },
};

/** In the order in which they are asked for. */
export const processFacets: readonly Facet[] = [
  ...[argumentsFacet, environment, ids, madeFiles, umask, directory, capabilities, privileges, limits],
  ...[noTerminal, labels],
];
