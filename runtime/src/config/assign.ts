import { RunvError } from "@runv/protocol/errors";
import type { Given } from "./given.ts";
import { schema, settingKeys } from "./schema.ts";
import type { SettingKey, Settings } from "./settings.ts";

export function defaultSettings(): Settings {
  const defaults = settingKeys.reduce<Partial<Settings>>(
    (before, key) => ({ ...before, [key]: schema[key].default }),
    {},
  );
  if (!isComplete(defaults)) throw new RunvError("internal", "configuration: the schema has a gap");
  return defaults;
}

function isComplete(settings: Partial<Settings>): settings is Settings {
  return settingKeys.every((key) => settings[key] !== undefined);
}

/** What a source says of one setting. */
export interface Assignment {
  readonly key: SettingKey;
  readonly given: Given;
  /** What the value is held to. */
  readonly type: { readonly expected: string; readonly accept: (given: Given) => unknown };
}

/** The settings with one of them as given. @param refuse is told what it must be and is. */
export function assigned(
  settings: Settings,
  { key, given, type }: Assignment,
  refuse: (why: string) => never,
): Settings {
  return { ...settings, [key]: type.accept(given) ?? refuse(`must be ${type.expected}, is ${given.source}`) };
}
