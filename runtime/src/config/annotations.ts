import { RunvError } from "@runv/protocol/errors";
import { assigned } from "./assign.ts";
import { nearestOf } from "./nearest.ts";
import { annotationKeys, isSettingKey, schema } from "./schema.ts";
import type { Settings } from "./settings.ts";

/** Annotations of this name are settings of one container. */
export const annotationPrefix = "io.runv.";

/**
 * The settings of one container: those of the host, with what its annotations `io.runv.KEY` say. They come from whoever makes the
 * container, who need not be the one who runs the host: what `allowed_annotations` does not list is refused, never passed over.
 * @param annotations of config.json. @throws RunvError that names the annotation.
 */
export function withAnnotations(host: Settings, annotations: Readonly<Record<string, string>>): Settings {
  return Object.entries(annotations)
    .filter(([name]) => name.startsWith(annotationPrefix))
    .reduce(
      (settings, [name, text]) => withAnnotation(settings, name.slice(annotationPrefix.length), text),
      host,
    );
}

function withAnnotation(settings: Settings, key: string, text: string): Settings {
  const error = (code: "invalid-argument" | "permission", why: string): RunvError =>
    new RunvError(code, `config.json: annotations: ${annotationPrefix}${key}: ${why}`, {
      context: { field: `annotations.${annotationPrefix}${key}` },
    });
  const setting = isSettingKey(key) ? schema[key] : undefined;
  if (!isSettingKey(key) || setting?.annotation === undefined)
    throw error("invalid-argument", `nothing that a container can set${nearestOf(key, annotationKeys)}`);
  if (!settings.allowed_annotations.includes(key))
    throw error(
      "permission",
      `this host does not allow it (allowed_annotations in its configuration: ${listed(settings)})`,
    );
  const given = setting.annotation.fromText(text);
  return assigned(settings, { key, given, type: setting.annotation }, (why) => {
    throw error("invalid-argument", why);
  });
}

function listed(settings: Settings): string {
  return settings.allowed_annotations.length === 0 ? "none" : settings.allowed_annotations.join(", ");
}
