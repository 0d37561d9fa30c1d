import { readFileSync } from "node:fs";
import path from "node:path";
import { repositoryRoot } from "./paths.ts";

/** What docs/config-json.md says of a field or verb: "differs" is honoured with the difference that its row states. */
export const tableStatuses = ["honoured", "differs", "no effect", "refused"] as const;
export type TableStatus = (typeof tableStatuses)[number];

export interface TableRow {
  /** A field of config.json, "mounts[].type"; or a verb. */
  readonly name: string;
  readonly status: TableStatus;
  readonly note: string;
}

/** The rows of one of the document's tables; a row may be about several names: "`process.user.{uid,gid}`, `process.cwd`". */
export function documentedRows(table: "fields" | "verbs"): readonly TableRow[] {
  const text = readFileSync(path.join(repositoryRoot, "docs/config-json.md"), "utf8");
  const marked = text.split(`<!-- ${table} -->`)[1]?.split(`<!-- end of ${table} -->`)[0];
  if (marked === undefined) throw new Error(`docs/config-json.md: no table between the marks of ${table}`);
  return marked
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .flatMap(rowsOf);
}

function rowsOf(line: string): readonly TableRow[] {
  const [names = "", word = "", note = ""] = line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
  const status = tableStatuses.find((known) => known === word.replaceAll("*", ""));
  if (status === undefined) throw new Error(`docs/config-json.md: unknown status: ${line}`);
  return [...names.matchAll(/`([^`]+)`/g)]
    .flatMap(([, name = ""]) => withoutBraces(name))
    .map((name) => ({ name, status, note }));
}

/** "a.{b,c}" is "a.b" and "a.c". */
function withoutBraces(name: string): readonly string[] {
  const [, before = "", choices, after = ""] = /^(.*?)\{([^}]*)\}(.*)$/.exec(name) ?? [];
  if (choices === undefined) return [name];
  return choices.split(",").flatMap((choice) => withoutBraces(`${before}${choice}${after}`));
}
