import { RunvError } from "@runv/protocol/errors";
import { assigned, defaultSettings } from "./assign.ts";
import { readSettingsFiles, type SettingsFile } from "./files.ts";
import { schema, settingKeys } from "./schema.ts";
import type { Settings } from "./settings.ts";

export interface SettingsSources {
  /** `--config`; null: RUNV_CONFIG, else the files below /etc/runv. */
  readonly file: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For tests: in place of /etc/runv. */
  readonly directory?: string;
}

/**
 * The settings of this host, each from the strongest source that has it: the environment, the files, the defaults.
 * @throws RunvError that names file and line or variable, the key, and what it must be.
 */
export async function loadSettings(sources: SettingsSources): Promise<Settings> {
  const files = readSettingsFiles(sources.file ?? namedByEnvironment(sources), sources.directory);
  const settings = files.length === 0 ? defaultSettings() : await withFiles(defaultSettings(), files);
  return withEnvironment(settings, sources.env);
}

function namedByEnvironment({ env }: SettingsSources): string | null {
  const path = env["RUNV_CONFIG"] ?? "";
  return path === "" ? null : path;
}

/** The parser of TOML is loaded where there is something to parse. */
async function withFiles(settings: Settings, files: readonly SettingsFile[]): Promise<Settings> {
  const { withFile } = await import("./file-layer.ts");
  return files.reduce(withFile, settings);
}

function withEnvironment(settings: Settings, env: SettingsSources["env"]): Settings {
  let result = settings;
  for (const key of settingKeys) {
    const { env: variable, type } = schema[key];
    const text = env[variable];
    if (text === undefined) continue;
    result = assigned(result, { key, given: type.fromText(text), type }, (why) => {
      throw new RunvError("invalid-argument", `configuration: ${variable}: ${why}`, {
        context: { variable },
      });
    });
  }
  return result;
}
