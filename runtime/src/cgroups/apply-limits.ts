import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorMessage, RunvError } from "@runv/protocol/errors";
import type { HostLimit } from "./host-limits.ts";

/** Whether memory can be limited in a cgroup's directories. */
export function canLimitMemory(directories: readonly string[]): boolean {
  const files = ["memory.max", "memory.limit_in_bytes"];
  return directories.some((directory) => files.some((file) => existsSync(join(directory, file))));
}

/** @returns what makes the processors and memory nodes of a cgroup what they are now */
export function keepCpusets(directories: readonly string[]): () => void {
  const files = directories.flatMap((directory) =>
    ["cpuset.cpus", "cpuset.mems"].map((name) => join(directory, name)).filter((path) => existsSync(path)),
  );
  const kept = files.map((path) => [path, readFileSync(path, "utf8")] as const);
  return () => {
    for (const [path, text] of kept) writeFileSync(path, text === "" ? "\n" : text);
  };
}

/**
 * Sets limits in a cgroup's directories, as well as this host can: most are held by the guest as well, and that the host cannot is told, and
 * no failure.
 * @param warn is told of each that could not be set
 * @throws RunvError "unavailable" for one that nothing else holds
 */
export function applyHostLimits(
  directories: readonly string[],
  limits: readonly HostLimit[],
  warn: (sentence: string) => void,
): void {
  // One limit can stand in another's way: memory and swap together are never less than memory.
  const left = limits.filter((limit) => problem(directories, limit) !== null);
  for (const limit of left) {
    const why = problem(directories, limit);
    if (why === null) continue;
    const sentence = `cgroup: linux.resources.${limit.field} does not hold on the host: ${why}`;
    if (limit.isOnlyHere) throw new RunvError("unavailable", sentence);
    warn(sentence);
  }
}

/** Tries to set a limit. @returns why it is not set; null when it is */
function problem(
  directories: readonly string[],
  { files, isOptional, onlyLowers }: HostLimit,
): string | null {
  const places = files.flatMap(([name, value]) =>
    directories.map((directory) => ({ path: join(directory, name), value })),
  );
  const place = places.find(({ path }) => existsSync(path));
  if (place === undefined && isOptional) return null;
  if (place === undefined)
    return `this kernel has no ${files.map(([name]) => name).join(" or ")} here (controller absent or not enabled)`;
  try {
    if (onlyLowers && amountIn(place.path) <= Number(place.value)) return null;
    writeFileSync(place.path, String(place.value));
    return null;
  } catch (cause) {
    return `${place.path}: ${errorMessage(cause)}`;
  }
}

/** "max" is more than any number. */
function amountIn(path: string): number {
  const text = readFileSync(path, "utf8").trim();
  return text === "max" ? Number.POSITIVE_INFINITY : Number(text);
}
