import { readFileSync } from "node:fs";
import path from "node:path";
import { repositoryRoot } from "./paths.ts";

/** What came of one kind of operation: how often it was done, and its results, as "ok" or "EINVAL,ok". */
interface Came {
  readonly count: number;
  readonly results: string;
}
type Report = ReadonlyMap<string, Came>;

/** Of a kind that the other side's report has. */
const notReached = "not-reached";

/** @param text what test/fixtures/native/fs-torture prints */
export function parseReport(text: string): Report {
  const lines = text.split("\n").filter((line) => line !== "");
  return new Map(
    lines.map((line) => {
      const match = /^(\S+) (\d+) (\S+)$/.exec(line);
      if (match === null) throw new Error(`fs-torture: no line of a report: ${line}`);
      const [, kind = "", count = "", results = ""] = match;
      return [kind, { count: Number(count), results }];
    }),
  );
}

interface Exception {
  readonly results: string;
  readonly reason: string;
}

const file = path.join(repositoryRoot, "test/fixtures/rootfs-exceptions.json");

/** What a driver does otherwise than the host's file system does, and why; to unlinked files, if nothing else is said, as to others. */
function exceptionsOf(driver: string): ReadonlyMap<string, Exception> {
  const listed: unknown = JSON.parse(readFileSync(file, "utf8"));
  const ofDriver = members(members(listed, file).get(driver) ?? {}, driver);
  return new Map([...ofDriver].map(parseException));
}

function parseException([kind, value]: [string, unknown]): [string, Exception] {
  const { results, reason } = Object.fromEntries(members(value, kind));
  if (typeof results !== "string" || typeof reason !== "string" || reason === "")
    throw new Error(`${file}: ${kind}: results and a reason are missing`);
  return [kind, { results, reason }];
}

function members(value: unknown, what: string): ReadonlyMap<string, unknown> {
  if (typeof value !== "object" || value === null) throw new Error(`${what}: no object`);
  return new Map(Object.entries(value));
}

/**
 * Everything in which a container's report is not the host's with the exceptions of its driver: a line each. An exception of this
 * part of the torture that did not occur is one.
 */
export function differences(host: Report, container: Report, driver: string): string[] {
  const exceptions = exceptionsOf(driver);
  const kinds = new Set([...host.keys(), ...container.keys()]);
  return [...kinds].flatMap((kind) => {
    const [here, there] = [host.get(kind), container.get(kind)];
    const exception = exceptions.get(kind) ?? exceptions.get(kind.replace(/-unlinked$/, ""));
    const results = there?.results ?? notReached;
    const expected = exception?.results ?? here?.results ?? notReached;
    if (results !== expected) return [`${kind}: ${results} instead of ${expected}`];
    // What fails is not gone on with.
    if (exception !== undefined || here?.count === there?.count) return [];
    return [`${kind}: done ${there?.count ?? 0} times instead of ${here?.count ?? 0}`];
  });
}

/** Exceptions that are none: of kinds that nothing does, or with the host's own results. */
export function idleExceptions(host: Report, driver: string): string[] {
  return [...exceptionsOf(driver)].flatMap(([kind, { results }]) => {
    const here = host.get(kind);
    if (here === undefined) return [`${kind}: no such kind`];
    return here.results === results ? [`${kind}: ${results} on the host too`] : [];
  });
}
