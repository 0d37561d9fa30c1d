import type { JsonCursor } from "../shared/json-cursor.ts";
import { unsupportedMountOptions } from "./mount-options.ts";
import { refuseUnsupported } from "./refusal.ts";
import { type MountSpec, mountTypes } from "./spec.ts";
import { absolutePath } from "./values.ts";

/** Accepts one of `mounts`. */
export function parseMount(mount: JsonCursor): MountSpec {
  refuseUnsupported(mount, "mount");
  const destination = absolutePath(mount.member("destination"));
  const options = mount.member("options").array(parseOption);
  return {
    destination,
    type: parseType(mount.member("type"), destination),
    source: mount.member("source").optional((value) => value.string(), ""),
    options,
  };
}

function parseOption(option: JsonCursor): string {
  const text = option.string();
  if (unsupportedMountOptions.has(text)) option.refuse(`not supported yet: ${JSON.stringify(text)}`);
  return text;
}

function parseType(type: JsonCursor, destination: string): MountSpec["type"] {
  const text = type.optional((value) => value.string(), "");
  const known = mountTypes.find((candidate) => candidate === text);
  return known ?? type.refuse(`not supported yet: ${JSON.stringify(text)} at ${destination}`);
}
