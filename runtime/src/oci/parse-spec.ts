import { JsonCursor } from "../shared/json-cursor.ts";
import { parseHooks } from "./parse-hooks.ts";
import { parseLinux } from "./parse-linux.ts";
import { parseMount } from "./parse-mounts.ts";
import { checkMappedIds } from "./parse-namespaces.ts";
import { parseInitProcess } from "./parse-process.ts";
import { parseVm } from "./parse-vm.ts";
import { refuseUnsupported } from "./refusal.ts";
import type { LinuxSpec, Spec } from "./spec.ts";
import { nonEmpty } from "./values.ts";
import { isAcceptedVersion, newestOciVersion, oldestOciVersion } from "./versions.ts";
import type { Warn } from "./warn.ts";

/** HOST_NAME_MAX (gethostname(2)). */
const maxHostnameBytes = 64;

/**
 * Accepts a config.json whose every wish is honoured.
 * @throws RunvError invalid-argument for what is malformed, unsupported for what is not honoured yet, naming the field.
 */
export function parseSpec(document: unknown, warn: Warn): Spec {
  const root = new JsonCursor(document, "config.json");
  const ociVersion = parseVersion(root.member("ociVersion"));
  refuseUnsupported(root, "top");
  for (const name of ["process", "root", "linux"]) {
    if (!root.member(name).isPresent) root.member(name).fail("is required");
  }
  const linux = parseLinux(root.member("linux"), warn);
  const process = parseInitProcess(root.member("process"), warn);
  if (linux.idMappings !== null) checkMappedIds(root.member("process"), process, linux.idMappings);
  return {
    ociVersion,
    process,
    root: {
      path: nonEmpty(root.member("root").member("path")),
      readonly: root
        .member("root")
        .member("readonly")
        .optional((value) => value.boolean(), false),
    },
    hostname: parseUtsName(root.member("hostname"), linux),
    domainname: parseUtsName(root.member("domainname"), linux),
    mounts: root.member("mounts").array((mount) => parseMount(mount, linux.idMappings, warn)),
    annotations: root.member("annotations").stringMap(),
    hooks: parseHooks(root.member("hooks")),
    linux,
    vm: parseVm(root.member("vm")),
  };
}

function parseVersion(version: JsonCursor): string {
  const text = version.string();
  if (isAcceptedVersion(text)) return text;
  return version.refuse(`${JSON.stringify(text)} is not from ${oldestOciVersion} to ${newestOciVersion}`);
}

function parseUtsName(name: JsonCursor, linux: LinuxSpec): string {
  const text = name.optional((value) => value.string(), "");
  if (text.length > maxHostnameBytes) name.fail(`must have at most ${maxHostnameBytes} characters`);
  if (text !== "" && !linux.namespaces.includes("uts")) name.fail("needs a namespace of type uts");
  return text;
}
