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

/** Where guest files are looked for. */
export function guestDirectories(configured: string | null): readonly string[] {
  return configured === null
    ? [ownDirectory(), libraryDirectory].map((directory) => join(directory, "guest"))
    : [configured];
}

/** A file of the guest: in the configured directory, else in guest/ beside runv, else in /usr/lib/runv/guest. */
export function guestFile(name: string, configured: string | null): string {
  const places = guestDirectories(configured).map((directory) => join(directory, name));
  return firstExisting(name, places, "build it with npm run build, or set guest_dir in the configuration");
}

function firstExisting(name: string, places: readonly string[], wayOut: string): string {
  const found = places.find((place) => existsSync(place));
  if (found === undefined)
    throw new RunvError("unavailable", `${name}: not found in ${places.join(" or ")} (${wayOut})`);
  return found;
}

/** Absolute paths by the programs' names: where the configuration has them. */
export type ProgramPaths = Readonly<Partial<Record<string, string>>>;

/**
 * A program of the host: where it is configured to be, else beside runv, in /usr/lib/runv, PATH, and the directories that a
 * caller's PATH may lack. @returns null when it is in none.
 * @throws RunvError "unavailable" when there is no executable file where it is configured to be.
 */
export function findProgram(name: string, configured: ProgramPaths): string | null {
  const path = configured[name];
  if (path === undefined) return searchPlaces(name).find(isExecutable) ?? null;
  if (!isExecutable(path))
    throw new RunvError("unavailable", `configuration: programs.${name}: no executable file: ${path}`);
  return path;
}

function searchPlaces(name: string): readonly string[] {
  const path = (process.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin")
    .split(delimiter)
    .filter((directory) => directory.startsWith("/"));
  return [ownDirectory(), libraryDirectory, ...path, ...sbinDirectories].map((place) => join(place, name));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
