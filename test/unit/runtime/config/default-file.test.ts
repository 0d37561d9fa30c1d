import { expect, test } from "vitest";
import { defaultSettings } from "../../../../runtime/src/config/assign.ts";
import { defaultFile } from "../../../../runtime/src/config/default-file.ts";
import { withFile } from "../../../../runtime/src/config/file-layer.ts";
import { annotationKeys, schema, settingKeys } from "../../../../runtime/src/config/schema.ts";
import { parseToml } from "../../../../runtime/src/config/toml.ts";

const file = defaultFile();
const settingsOf = (text: string) => withFile(defaultSettings(), { path: "default", text });
/** Every setting of the file in force. */
const inForce = file.replace(/^#(?=\S)/gm, "");

test("the default file changes nothing", () => {
  expect(settingsOf(file)).toEqual(defaultSettings());
});

test("with its comment signs taken away it sets every key once", () => {
  const keys = parseToml(inForce, "default").flatMap(({ key, given }) => (given === null ? [] : [key]));
  expect(keys.toSorted()).toEqual(settingKeys.toSorted());
});

test("what it shows is the default, or an example where runv finds it out", () => {
  const settings = settingsOf(inForce);
  for (const key of settingKeys)
    expect([key, settings[key]]).toEqual([key, schema[key].unset?.example ?? schema[key].default]);
});

test("a default of null says what happens then", () => {
  for (const key of settingKeys)
    expect([key, schema[key].unset !== undefined]).toEqual([key, schema[key].default === null]);
});

test("every environment variable and annotation is in it, and no two settings share one", () => {
  const variables = settingKeys.map((key) => schema[key].env);
  expect(new Set(variables).size).toBe(variables.length);
  for (const variable of variables) expect(file).toContain(`# Environment: ${variable}.`);
  for (const key of annotationKeys) expect(file).toContain(` Annotation: io.runv.${key}.`);
});

test("a screen's width is enough", () => {
  expect(file.split("\n").filter((line) => line.length > 104)).toEqual([]);
});
