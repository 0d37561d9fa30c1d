import type { JsonCursor } from "../shared/json-cursor.ts";
import { bindOptions, hostSharingOptions, unsupportedMountOptions } from "./mount-options.ts";
import { refuseUnsupported } from "./refusal.ts";
import { type MountSpec, mountTypes } from "./spec.ts";
import { absolutePath, nonEmpty } from "./values.ts";

/** Accepts one of `mounts`. */
export function parseMount(mount: JsonCursor): MountSpec {
  refuseUnsupported(mount, "mount");
  const destination = absolutePath(mount.member("destination"));
  if (isBind(mount)) return parseBind(mount, destination);
  return {
    destination,
    type: parseType(mount.member("type"), destination),
    source: mount.member("source").optional((value) => value.string(), ""),
    options: mount.member("options").array((option) => parseOption(option, [])),
  };
}

/** As runc has it: the options make a mount a bind mount, whatever type it names. */
function isBind(mount: JsonCursor): boolean {
  const type = mount.member("type").optional((value) => value.string(), "");
  const options = mount.member("options").strings();
  return type === "bind" || options.includes("bind") || options.includes("rbind");
}

/** A mount of type "bind" that does not say how deep is recursive. */
function parseBind(mount: JsonCursor, destination: string): MountSpec {
  const options = mount.member("options").array((option) => parseOption(option, bindOptions));
  const depth = options.includes("bind") || options.includes("rbind") ? [] : ["rbind"];
  return {
    destination,
    type: "bind",
    source: nonEmpty(mount.member("source")),
    options: [...depth, ...options],
  };
}

function parseOption(option: JsonCursor, also: readonly string[]): string {
  const text = option.string();
  if (hostSharingOptions.has(text) && also.length > 0)
    option.refuse(
      `${JSON.stringify(text)}: what a guest mounts cannot show on the host; use "rslave" or "rprivate"`,
    );
  if (unsupportedMountOptions.has(text) && !also.includes(text))
    option.refuse(`not supported yet: ${JSON.stringify(text)}`);
  return text;
}

function parseType(type: JsonCursor, destination: string): MountSpec["type"] {
  const text = type.optional((value) => value.string(), "");
  const known = mountTypes.find((candidate) => candidate === text);
  return known ?? type.refuse(`not supported yet: ${JSON.stringify(text)} at ${destination}`);
}
