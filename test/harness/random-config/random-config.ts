import path from "node:path";
import type { Random } from "../../fixtures/grpc/random.ts";
import { bindFacets } from "./bind-facets.ts";
import { contradictions } from "./contradictions.ts";
import { type Draft, type Facet, quoted } from "./draft.ts";
import { fileFacets } from "./file-facets.ts";
import { hookFacets } from "./hook-facets.ts";
import { machineFacets } from "./machine-facets.ts";
import { namespaceFacets, userNamespaceFacet } from "./namespace-facets.ts";
import { processFacets } from "./process-facets.ts";
import { resourceFacets } from "./resource-facets.ts";
import { schedulingFacets } from "./scheduling-facets.ts";
import { seccompFacets } from "./seccomp-facets.ts";

/** In the order in which they are asked for. */
const facets: readonly Facet[] = [
  ...[userNamespaceFacet, ...processFacets, ...schedulingFacets, ...namespaceFacets, ...fileFacets],
  ...[...bindFacets, ...seccompFacets, ...resourceFacets, ...machineFacets, ...hookFacets],
];

/** What is looked at in random config.json. */
export const coveredFields: ReadonlySet<string> = new Set([
  "ociVersion",
  ...facets.flatMap(({ fields }) => fields),
]);

/** A container that is to be. */
export interface Request {
  readonly id: string;
  /** Its bundle, which exists and is empty. */
  readonly directory: string;
  /** Of busybox, with the programs that look. */
  readonly rootfs: string;
}

const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const mount = (destination: string, type: string, options: readonly string[]): object => ({
  destination,
  type,
  source: type,
  options,
});
const strict = ["nosuid", "noexec", "nodev"];

/** A config.json with odd values in some of what runv honours, and what is to come of it. The same for the same random numbers. */
export function randomDraft(request: Request, random: Random): Draft {
  const draft = emptyDraft(request, random.below(3) > 0);
  draft.top["ociVersion"] = random.pick(["1.0.0", "1.0.2-dev", "1.1.0", "1.2.1", "1.3.0"]);
  for (const facet of facets) if (random.below(2) === 0) facet.ask(draft, random);
  Object.assign(draft.process, {
    args: ["sh", "-c", scriptOf(draft.checks, "@@"), ...oddArguments(draft, random)],
  });
  return draft;
}

/** The same with something that cannot be had: it is what is refused. */
export function spoiltDraft(request: Request, random: Random): Draft {
  const { field, spoil } = random.pick(contradictions);
  // Hooks that fail would come before what only the guest can refuse.
  const draft = { ...randomDraft(request, random), hooks: {}, failure: field };
  spoil(draft);
  return draft;
}

export function documentOf({
  process,
  root,
  mounts,
  linux,
  top,
  hooks,
  hostScripts,
  directory,
}: Draft): object {
  const looking = {
    path: "/bin/sh",
    args: [
      "sh",
      "-c",
      `pid=$(sed 's/.*"pid": *\\([0-9]*\\).*/\\1/'); { ${scriptOf(hostScripts, "@@")}; } >${quoted(hostOutput(directory))}`,
    ],
    env: [searchPath],
  };
  const createRuntime = [...(hooks["createRuntime"] ?? []), ...(hostScripts.length === 0 ? [] : [looking])];
  return {
    root,
    mounts,
    ...top,
    process,
    linux,
    hooks: { ...hooks, ...(createRuntime.length === 0 ? {} : { createRuntime }) },
  };
}

/** Where the commands that look at the host write. */
export function hostOutput(directory: string): string {
  return path.join(directory, "seen on the host");
}

function scriptOf(checks: Draft["checks"], mark: string): string {
  return checks
    .map(({ script }, index) => `echo '${mark}${index}'; { ${script}; } 2>&1`)
    .concat("exit 0")
    .join("\n");
}

/** What each check printed. */
export function sectionsOf(output: string): ReadonlyMap<number, string> {
  const parts = output.split(/^@@(\d+)\n/m).slice(1);
  const sections = new Map<number, string>();
  for (let index = 0; index + 1 < parts.length; index += 2)
    sections.set(Number(parts[index]), parts[index + 1] ?? "");
  return sections;
}

function emptyDraft({ id, directory, rootfs }: Request, isRoot: boolean): Draft {
  const user = isRoot ? 0 : 1000;
  return {
    id,
    directory,
    process: { terminal: false, cwd: "/", env: [searchPath], user: { uid: user, gid: isRoot ? 0 : 1 } },
    root: { path: rootfs, readonly: false },
    mounts: [
      mount("/proc", "proc", []),
      mount("/dev", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
      mount("/dev/shm", "tmpfs", [...strict, "mode=1777", "size=65536k"]),
      mount("/sys", "sysfs", [...strict, "ro"]),
      mount("/sys/fs/cgroup", "cgroup", [...strict, "ro"]),
    ],
    linux: {
      namespaces: ["pid", "network", "ipc", "uts", "mount", "cgroup"].map((type) => ({ type })),
      resources: { devices: [{ allow: false, access: "rwm" }] },
    },
    top: {},
    hooks: {},
    checks: [],
    hostScripts: [],
    hostChecks: [],
    warnings: [],
    possibleWarnings: [],
    possibleFailures: [],
    env: {},
    undo: [],
    isRoot,
    maps: null,
    failure: null,
  };
}

/** Arguments after the script's name ($0), which the first check prints. They come last, since the script holds the checks. */
function oddArguments({ checks }: Draft, random: Random): readonly string[] {
  const words = [
    ...[
      "",
      " ",
      "a b",
      "$HOME",
      "'",
      '"',
      "\\",
      "\n",
      "é🦉",
      "-e",
      "--",
      "*",
      "\u001b[31m\r",
      "x".repeat(5000),
    ],
  ] as const;
  const chosen = Array.from({ length: random.below(4) }, () =>
    random.pick(words as readonly string[] as [string, ...string[]]),
  );
  const position = checks.findIndex(({ name }) => name === "arguments");
  if (position === -1) return [];
  const expected = chosen.map((word) => `${Buffer.from(word).toString("hex")}\n`).join("");
  checks[position] = { name: "arguments", script: checks[position]?.script ?? "", expected };
  return ["sh", ...chosen];
}
