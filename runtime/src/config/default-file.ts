import { annotationPrefix } from "./annotations.ts";
import { type Setting, schema, settingKeys } from "./schema.ts";
import type { SettingKey } from "./settings.ts";

const lineWidth = 100;

const preamble = `runv's configuration: /etc/runv/config.toml, then /etc/runv/config.d/*.toml in the order of their names, each stronger
than the one before. --config FILE or RUNV_CONFIG=FILE takes the place of all of them. Stronger than any file is the environment, and
for one container the annotations that allowed_annotations lists. Every setting is shown with its default, or with an example where the
default is found out by runv. A key that runv does not know is an error.`;

/** A configuration file in which every setting is explained and commented out. */
export function defaultFile(): string {
  const tables = new Map<string, SettingKey[]>();
  for (const key of settingKeys) tables.set(tableOf(key), [...(tables.get(tableOf(key)) ?? []), key]);
  const parts = [...tables].map(([table, keys]) => `${headerOf(table)}${keys.map(section).join("\n")}`);
  return `${comment(preamble)}\n${parts.join("\n")}`;
}

/** Top-level keys have none, and come first: what follows a header belongs to its table. */
function tableOf(key: string): string {
  return key.slice(0, Math.max(0, key.lastIndexOf(".")));
}

function headerOf(table: string): string {
  return table === "" ? "" : `[${table}]\n\n`;
}

function section(key: SettingKey): string {
  const { help, choices = {}, env, annotation } = schema[key];
  const lines = [
    comment(`${help}.`),
    ...Object.entries(choices).map(([name, meaning]) => comment(`  ${JSON.stringify(name)}: ${meaning}`)),
    comment(
      `Environment: ${env}.${annotation === undefined ? "" : ` Annotation: ${annotationPrefix}${key}.`}`,
    ),
    valueLine(key, schema[key]),
  ];
  return lines.join("");
}

function valueLine(key: SettingKey, { default: value, unset, type }: Setting<unknown>): string {
  const name = key.slice(key.lastIndexOf(".") + 1);
  const meaning = unset === undefined ? "" : comment(`Unless it is set: ${unset.meaning}.`);
  return `${meaning}#${name} = ${type.toToml(unset?.example ?? value ?? "")}\n`;
}

/** Comment lines, broken between words; an indentation is kept. */
function comment(text: string): string {
  const indent = /^ */.exec(text)?.[0] ?? "";
  const lines: string[] = [];
  for (const word of text.trim().split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= lineWidth) lines.push(`# ${indent}${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.map((line) => `${line}\n`).join("");
}
