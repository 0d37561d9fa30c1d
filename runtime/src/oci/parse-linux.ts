import type { JsonCursor } from "../shared/json-cursor.ts";
import { type NamespaceType, namespaceTypes, rootfsPropagations } from "./linux-names.ts";
import { parseDevice, parseDeviceRule } from "./parse-devices.ts";
import { parseResources } from "./parse-resources.ts";
import { parseSeccomp } from "./parse-seccomp.ts";
import { parseSysctls } from "./parse-sysctls.ts";
import { refuseUnsupported } from "./refusal.ts";
import type { LinuxSpec } from "./spec.ts";
import { absolutePath } from "./values.ts";

/** Accepts `linux` of config.json. */
export function parseLinux(linux: JsonCursor): LinuxSpec {
  refuseUnsupported(linux, "linux");
  const resources = linux.member("resources");
  const namespaces = parseNamespaces(linux.member("namespaces"));
  return {
    namespaces,
    devices: linux.member("devices").array(parseDevice),
    resources: parseResources(resources),
    deviceRules: resources.member("devices").array(parseDeviceRule),
    maskedPaths: linux.member("maskedPaths").array(absolutePath),
    readonlyPaths: linux.member("readonlyPaths").array(absolutePath),
    cgroupsPath: linux.member("cgroupsPath").optional(parseCgroupsPath, ""),
    rootfsPropagation: parsePropagation(linux.member("rootfsPropagation")),
    sysctls: parseSysctls(linux.member("sysctl"), namespaces),
    seccomp: parseSeccomp(linux.member("seccomp")),
  };
}

/**
 * A container never sees the agent, so pid and mount namespaces are new whether asked for or not. Without one of its own
 * it would have the host's network, which a virtual machine cannot give it.
 */
function parseNamespaces(namespaces: JsonCursor): readonly NamespaceType[] {
  const asked = namespaces.array(parseNamespace);
  const twice = asked.find((type, index) => asked.indexOf(type) !== index);
  if (twice !== undefined) namespaces.fail(`has ${twice} twice`);
  if (!asked.includes("network"))
    namespaces.refuse("the host's network: not supported (add one of type network)");
  return namespaceTypes.filter((type) => type === "pid" || type === "mount" || asked.includes(type));
}

function parseNamespace(namespace: JsonCursor): NamespaceType {
  const type = namespace.member("type");
  const text = type.string();
  const known = namespaceTypes.find((candidate) => candidate === text);
  if (!namespace.member("path").isNeutral) {
    namespace.member("path").refuse(`joining a namespace: not supported yet: ${text}`);
  }
  return known ?? type.refuse(`not supported yet: ${JSON.stringify(text)}`);
}

function parsePropagation(propagation: JsonCursor): LinuxSpec["rootfsPropagation"] {
  return propagation.isNeutral ? null : propagation.oneOf(rootfsPropagations);
}

function parseCgroupsPath(path: JsonCursor): string {
  const text = path.string();
  if (text.split("/").includes("..")) path.fail(`must not contain "..": ${JSON.stringify(text)}`);
  return text;
}
