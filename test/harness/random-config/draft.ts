import type { Random } from "../../fixtures/grpc/random.ts";
import type { IdMaps } from "./id-maps.ts";

/** What a process is to see: a shell command, and what it is to print. */
export interface Check {
  readonly name: string;
  readonly script: string;
  readonly expected: string;
}

/** What the host is to show when the container is gone. */
export interface HostCheck {
  readonly name: string;
  readonly found: () => string;
  readonly expected: string;
}

/** A config.json as it comes about. */
export interface Draft {
  readonly id: string;
  /** The bundle; what else the host needs is below, too. */
  readonly directory: string;
  readonly process: Record<string, unknown> & { readonly user: Record<string, unknown>; env: string[] };
  readonly root: { path: string; readonly: boolean };
  readonly mounts: object[];
  readonly linux: Record<string, unknown> & {
    readonly namespaces: { type: string }[];
    readonly resources: Record<string, unknown> & { devices: object[] };
  };
  readonly top: Record<string, unknown>;
  /** By kind. */
  readonly hooks: Record<string, object[]>;
  readonly checks: Check[];
  /** Run on the host by a createRuntime hook, with the container's pid as $pid. */
  readonly hostScripts: Check[];
  readonly hostChecks: HostCheck[];
  /** What is said on the standard error, a part of each line. */
  readonly warnings: string[];
  /** What may be said there besides, by what this host has. */
  readonly possibleWarnings: string[];
  /** Parts of errors that may come instead, by what this host has. */
  readonly possibleFailures: string[];
  /** Of the verb. */
  readonly env: Record<string, string>;
  /** Undone in reverse order, when the container is gone. */
  readonly undo: (() => void)[];
  /** Of the container's root. */
  readonly isRoot: boolean;
  /** Of its user namespace; null: it has none. */
  maps: IdMaps | null;
  /** What the verb's error says instead of running it; null: it runs. */
  failure: string | null;
}

/** Something that a config.json can ask for. */
export interface Facet {
  /** Of config.json: what its requests are about. */
  readonly fields: readonly string[];
  /** Asks for it in a draft, and says how it shows. */
  readonly ask: (draft: Draft, random: Random) => void;
}

/** "process.user.uid", "process.user.gid". */
export function fieldsBelow(prefix: string, ...names: readonly string[]): readonly string[] {
  return names.map((name) => `${prefix}.${name}`);
}

/** Some of them, in their order. */
export function someOf<T>(random: Random, choices: readonly T[]): readonly T[] {
  return choices.filter(() => random.below(2) === 0);
}

export function shuffled<T>(random: Random, values: readonly T[]): readonly T[] {
  const left = [...values];
  return values.flatMap(() => left.splice(random.below(left.length), 1));
}

/** One word of a shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** As it stands in /proc/self/mountinfo (proc_pid_mountinfo(5)). */
function inMountinfo(path: string): string {
  return path.replace(
    /[ \t\n\\]/g,
    (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
}

/** A shell command that prints which of these options a mount has, sorted. */
export function printOptions(place: string, options: readonly string[]): string {
  const line = `grep -F ${quoted(` ${inMountinfo(place)} `)} /proc/self/mountinfo | tail -n 1`;
  return `${line} | awk '{ print $6 }' | tr , '\\n' | grep -xE '${options.join("|")}' | sort | tr '\\n' ' '; echo`;
}

/** What that prints. */
export function optionsLine(options: readonly string[]): string {
  return `${[...new Set(options)]
    .sort()
    .map((option) => `${option} `)
    .join("")}\n`;
}
