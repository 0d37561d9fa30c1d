import { accessSync, constants, existsSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { RunvError } from "@runv/protocol/errors";

/** Where packages install what is not for people to run. */
const libraryDirectory = "/usr/lib/runv";
const sbinDirectories = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/libexec"];

/** The directory of this runv: of the executable, or of the bundled script when Node runs it. */
function ownDirectory(): string {
  const isScript = /^(node|bun)$/.test(basename(process.execPath));
  return isScript ? import.meta.dirname : dirname(process.execPath);
}

/** One of our own executables: beside runv, else in /usr/lib/runv. @throws RunvError "unavailable" with the places looked at. */
export function residentProgram(name: string): string {
  return firstExisting(name, [join(ownDirectory(), name), join(libraryDirectory, name)], "reinstall runv");
}

/** A file of the guest: RUNV_GUEST_DIR, else beside runv in guest/, else in /usr/lib/runv. */
export function guestFile(name: string): string {
  const override = process.env["RUNV_GUEST_DIR"];
  const directories = override === undefined ? [join(ownDirectory(), "guest"), libraryDirectory] : [override];
  const places = directories.map((directory) => join(directory, name));
  return firstExisting(name, places, "build it with npm run build, or set RUNV_GUEST_DIR");
}

function firstExisting(name: string, places: readonly string[], wayOut: string): string {
  const found = places.find((place) => existsSync(place));
  if (found === undefined)
    throw new RunvError("unavailable", `${name}: not found in ${places.join(" or ")} (${wayOut})`);
  return found;
}

/**
 * A program of the host: the environment's RUNV_<NAME>, beside runv, /usr/lib/runv, PATH, and the directories that a
 * caller's PATH may lack. @returns null when it is in none.
 */
export function findProgram(name: string): string | null {
  const override = process.env[`RUNV_${name.toUpperCase().replaceAll("-", "_")}`];
  if (override !== undefined) return isExecutable(override) ? override : null;
  const path = (process.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin")
    .split(delimiter)
    .filter((directory) => directory.startsWith("/"));
  const directories = [ownDirectory(), libraryDirectory, ...path, ...sbinDirectories];
  return directories.map((directory) => join(directory, name)).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
