import { posix } from "node:path";
import { excerpt } from "../shared/excerpt.ts";
import type { JsonCursor } from "../shared/json-cursor.ts";
import { bindOptions, hostSharingOptions } from "./mount-options.ts";
import { parseIdMappings } from "./parse-id-mappings.ts";
import type { IdMappings, MountSpec } from "./spec.ts";
import { nonEmpty } from "./values.ts";
import type { Warn } from "./warn.ts";

/** What a guest has its share by: one directory for all containers in it. */
const sharedTypes: ReadonlySet<string> = new Set(["9p", "virtiofs"]);

/** Accepts one of `mounts`. @param user ids of the container's user namespace; null: the guest's */
export function parseMount(mount: JsonCursor, user: IdMappings | null, warn: Warn): MountSpec {
  const destination = parseDestination(mount.member("destination"), warn);
  const options = mount.member("options").strings();
  const type = isBindMount(mount, options) ? "bind" : parseType(mount.member("type"), destination);
  mount.member("options").array((option) => {
    checkOption(option, option.string(), type);
  });
  return type === "bind"
    ? parseBind(mount, { destination, options, user })
    : {
        destination,
        type,
        source: mount.member("source").optional((value) => value.string(), ""),
        options,
        idMappings: noMappings(mount),
      };
}

function noMappings(mount: JsonCursor): null {
  for (const name of ["uidMappings", "gidMappings"])
    if (!mount.member(name).isNeutral) mount.member(name).refuse("only for bind mounts");
  return null;
}

/** "It MAY be a relative path, in which case it MUST be interpreted as relative to "/"" (config.md, "Mounts"). */
function parseDestination(destination: JsonCursor, warn: Warn): string {
  const path = nonEmpty(destination);
  if (!path.startsWith("/"))
    warn(`${destination.path}: taken as relative to "/": ${excerpt(JSON.stringify(path))}`);
  return posix.resolve("/", path);
}

/** As runc has it: the options make a mount a bind mount, whatever type it names. */
function isBindMount(mount: JsonCursor, options: readonly string[]): boolean {
  const type = mount.member("type").optional((value) => value.string(), "");
  return type === "bind" || options.includes("bind") || options.includes("rbind");
}

interface BindParts {
  readonly destination: string;
  readonly options: readonly string[];
  readonly user: IdMappings | null;
}

/** A mount of type "bind" that does not say how deep is recursive. What is mounted anew has no source. */
function parseBind(mount: JsonCursor, { destination, options, user }: BindParts): MountSpec {
  const depth = options.includes("bind") || options.includes("rbind") ? [] : ["rbind"];
  const source = mount.member("source");
  return {
    destination,
    type: "bind",
    source: options.includes("remount") ? "" : nonEmpty(source),
    options: [...depth, ...options],
    idMappings: parseMountMappings(mount, options, user),
  };
}

/** Mappings are honoured without the options, too; the options alone stand for those of the user namespace (config.md, "Mounts"). */
function parseMountMappings(
  mount: JsonCursor,
  options: readonly string[],
  user: IdMappings | null,
): IdMappings | null {
  const own = parseIdMappings(mount);
  if (own !== null || !options.some((option) => option === "idmap" || option === "ridmap")) return own;
  return (
    user ?? mount.member("uidMappings").fail("is required for the option idmap without a user namespace")
  );
}

function checkOption(option: JsonCursor, text: string, type: string): void {
  const isBind = type === "bind";
  if (isBind && hostSharingOptions.has(text))
    option.refuse(
      `${JSON.stringify(text)}: what a guest mounts cannot show on the host; use "rslave" or "rprivate"`,
    );
  if (!isBind && bindOptions.includes(text)) option.refuse(`${JSON.stringify(text)}: only for bind mounts`);
  if (type !== "tmpfs" && text === "tmpcopyup") option.refuse("tmpcopyup: only for mounts of type tmpfs");
}

function parseType(type: JsonCursor, destination: string): string {
  const text = type.optional((value) => value.string(), "");
  if (text === "") type.fail(`is required for a mount that is no bind mount: ${destination}`);
  if (sharedTypes.has(text))
    type.refuse(`${JSON.stringify(text)} at ${destination}: use a bind mount, which comes by it`);
  return text;
}
