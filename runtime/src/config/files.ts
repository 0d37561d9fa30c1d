import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isRunvError } from "@runv/protocol/errors";
import { readRegularFile } from "../shared/bounded-reader.ts";
import { maxSettingsBytes } from "../shared/limits.ts";
import { hostFailure, systemErrorCode } from "../shared/system-error.ts";

export interface SettingsFile {
  readonly path: string;
  readonly text: string;
}

/** The directory of an operator's configuration. */
const settingsDirectory = "/etc/runv";

/**
 * The files that count, weakest first. One that was named stands alone and must exist; /dev/null stands for none.
 * @param named null: config.toml, then config.d/*.toml in the order of their names, and none of them need exist.
 */
export function readSettingsFiles(
  named: string | null,
  directory = settingsDirectory,
): readonly SettingsFile[] {
  if (named === "/dev/null") return [];
  if (named !== null) return [{ path: named, text: read(named) }];
  const main = readIfThere(join(directory, "config.toml"));
  const more = dropIns(join(directory, "config.d")).map((path) => ({ path, text: read(path) }));
  return main === null ? more : [main, ...more];
}

function read(path: string): string {
  return readRegularFile(path, `configuration: ${path}`, maxSettingsBytes);
}

function readIfThere(path: string): SettingsFile | null {
  try {
    return { path, text: read(path) };
  } catch (error) {
    if (isRunvError(error, "not-found")) return null;
    throw error;
  }
}

function dropIns(directory: string): readonly string[] {
  try {
    const names = readdirSync(directory).filter((name) => name.endsWith(".toml") && !name.startsWith("."));
    return names.sort().map((name) => join(directory, name));
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw hostFailure(`configuration: ${directory}`, cause);
  }
}
