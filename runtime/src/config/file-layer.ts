import { RunvError } from "@runv/protocol/errors";
import { assigned } from "./assign.ts";
import type { SettingsFile } from "./files.ts";
import { nearestOf } from "./nearest.ts";
import { isSettingKey, schema, settingKeys } from "./schema.ts";
import type { Settings } from "./settings.ts";
import { parseToml, type TomlEntry } from "./toml.ts";

/** The settings with what a file says. @throws RunvError invalid-argument "FILE:LINE: KEY: why". */
export function withFile(settings: Settings, file: SettingsFile): Settings {
  return parseToml(file.text, file.path).reduce(
    (before, entry) => withEntry(before, entry, file.path),
    settings,
  );
}

function withEntry(settings: Settings, { key, line, given }: TomlEntry, path: string): Settings {
  const refuse = (why: string): never => {
    throw new RunvError("invalid-argument", `configuration: ${path}:${line}: ${key}: ${why}`, {
      context: { path, line, field: key },
    });
  };
  if (isSettingKey(key)) {
    const { type } = schema[key];
    if (given === null) return refuse(`must be ${type.expected}, is a table`);
    return assigned(settings, { key, given, type }, refuse);
  }
  const isTable = settingKeys.some((known) => known.startsWith(`${key}.`));
  if (!isTable) return refuse(`unknown key${nearestOf(key, settingKeys)}`);
  return given === null ? settings : refuse(`must be a table, is ${given.source}`);
}
