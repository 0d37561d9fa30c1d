import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Random } from "../../fixtures/grpc/random.ts";
import { type Draft, type Facet, fieldsBelow, quoted } from "./draft.ts";

const kinds = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
] as const;
type Kind = (typeof kinds)[number];

const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** What hooks read, in one line, after what is written before. */
const takeDown = "{ printf '%s ' \"$0\" \"$ODD\"; tr -d '\\n'; echo; }";

const statusIn: Readonly<Record<Kind, string>> = {
  prestart: "creating",
  createRuntime: "creating",
  createContainer: "creating",
  startContainer: "created",
  poststart: "running",
  poststop: "stopped",
};

interface AskedHook {
  readonly kind: Kind;
  readonly label: string;
  readonly odd: string;
}

const logOf = ({ directory }: Draft): string => path.join(directory, "hook log");
const insideLog = "/dev/shm/hook-log";

function hookJson(draft: Draft, { kind, label, odd }: AskedHook, random: Random): object {
  const log = kind === "startContainer" ? insideLog : logOf(draft);
  return {
    path: "/bin/sh",
    // What the umask of the process hides, it could not read.
    args: ["sh", "-c", `umask 022; ${takeDown} >>${quoted(log)}`, label, ...random.pick([[], ["", " "]])],
    env: [`ODD=${odd}`, searchPath],
    ...random.pick<object>([{}, { timeout: 100 }, { timeout: 2 ** 40 }]),
  };
}

/** The line that it writes: its name, its environment, and the state that it reads. */
function lineOf(draft: Draft, { kind, label, odd }: AskedHook): readonly unknown[] {
  return [label, odd, statusIn[kind], draft.id, draft.directory, annotationLines(draft.top["annotations"])];
}

function annotationLines(annotations: unknown): readonly string[] {
  const pairs: readonly [string, unknown][] = Object.entries(annotations ?? {});
  return pairs.map(([name, value]) => `${name}=${String(value)}`).sort();
}

function parsedLine(line: string): readonly unknown[] {
  const [, label, odd, state = "{}"] = /^(\S+) (.*?) (\{.*\})$/s.exec(line) ?? [];
  const read = new Map<string, unknown>(Object.entries(JSON.parse(state) as object));
  return [
    label,
    odd,
    read.get("status"),
    read.get("id"),
    read.get("bundle"),
    annotationLines(read.get("annotations")),
  ];
}

/** What stands in the file, sorted out: a line each. */
const linesOf = (text: string): string =>
  text
    .trimEnd()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.stringify(parsedLine(line)))
    .join("\n");

const hooks: Facet = {
  fields: kinds.flatMap((kind) => fieldsBelow(`hooks.${kind}[]`, "path", "args", "env", "timeout")),
  ask: (draft, random) => {
    const asked = kinds.flatMap((kind) =>
      Array.from({ length: random.below(3) }, (_, index) => ({
        kind,
        label: `${kind}-${index}`,
        odd: random.pick(["", "x=y", "é🦉", "$HOME '\"\\", "-n", "x".repeat(9000)]),
      })),
    );
    for (const hook of asked) (draft.hooks[hook.kind] ??= []).push(hookJson(draft, hook, random));
    const inside = asked.filter(({ kind }) => kind === "startContainer");
    const outside = asked.filter(({ kind }) => kind !== "startContainer");
    const log = logOf(draft);
    draft.hostChecks.push({
      name: "hooks on the host",
      found: () => (existsSync(log) ? linesOf(readFileSync(log, "utf8")) : ""),
      expected: outside.map((hook) => JSON.stringify(lineOf(draft, hook))).join("\n"),
    });
    // Of the state there it sees the beginning: what is odd in it was looked at outside.
    const script = `cut -d ' ' -f 1 ${insideLog} 2>/dev/null`;
    draft.checks.push({
      name: "startContainer hooks",
      script,
      expected: inside.map(({ label }) => `${label}\n`).join(""),
    });
  },
};

/** Shows in the state that hooks read. */
const annotations: Facet = {
  fields: ["annotations.*"],
  ask: ({ top }, random) => {
    const odd: readonly (readonly [string, string])[] = [
      ["org.example.key", "value"],
      ["é🦉", '\u2028\t"\\'],
      ["__proto__", "own"],
      ["constructor", ""],
      [" ", "a\nb\u007f"],
      ["long", "x".repeat(50_000)],
      ["io.runv", "no setting"],
      ["run.oci.keep_original_groups", "1"],
    ];
    top["annotations"] = Object.fromEntries(odd.filter(() => random.below(2) === 0));
  },
};

const failing = { path: "/bin/sh", args: ["sh", "-c", "echo because >&2; exit 3"], env: [searchPath] };

/** One that fails: the verb does; of poststop hooks it is a warning. */
const failingHook: Facet = {
  fields: kinds.map((kind) => `hooks.${kind}[].path`),
  ask: (draft, random) => {
    if (random.below(3) > 0) return;
    const kind = random.pick(kinds);
    const present = (draft.hooks[kind] ??= []);
    const index = present.length;
    present.push(random.pick<object>([failing, { path: "/no/such/hook" }, { path: "/etc" }]));
    const sentence = `error running hook: ${kind}[${index}]`;
    draft.hostChecks.splice(0, draft.hostChecks.length);
    if (kind === "poststop") draft.warnings.push(sentence);
    else draft.failure = sentence;
  },
};

export const hookFacets: readonly Facet[] = [annotations, hooks, failingHook];
