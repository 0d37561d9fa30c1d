import type { JsonCursor } from "../shared/json-cursor.ts";
import { ignoreLabel } from "./labels.ts";
import { type PersonalityDomain, personalityDomains, rootfsPropagations } from "./linux-names.ts";
import { parseDevice, parseDeviceRule } from "./parse-devices.ts";
import { parseNamespaces, parseTimeOffsets, parseUserMappings } from "./parse-namespaces.ts";
import { parseResources } from "./parse-resources.ts";
import { parseSeccomp } from "./parse-seccomp.ts";
import { parseSysctls } from "./parse-sysctls.ts";
import { refuseUnsupported } from "./refusal.ts";
import type { LinuxSpec } from "./spec.ts";
import { absolutePath } from "./values.ts";
import type { Warn } from "./warn.ts";

/** Accepts `linux` of config.json. */
export function parseLinux(linux: JsonCursor, warn: Warn): LinuxSpec {
  refuseUnsupported(linux, "linux");
  ignoreLabel(linux.member("mountLabel"), "SELinux", warn);
  const resources = linux.member("resources");
  const namespaces = parseNamespaces(linux.member("namespaces"));
  return {
    namespaces,
    idMappings: parseUserMappings(linux, namespaces),
    timeOffsets: parseTimeOffsets(linux.member("timeOffsets"), namespaces),
    devices: linux.member("devices").array(parseDevice),
    resources: parseResources(resources, warn),
    deviceRules: resources.member("devices").array(parseDeviceRule),
    maskedPaths: linux.member("maskedPaths").array(absolutePath),
    readonlyPaths: linux.member("readonlyPaths").array(absolutePath),
    cgroupsPath: linux.member("cgroupsPath").optional(parseCgroupsPath, ""),
    personality: linux.member("personality").optional(parsePersonality, null),
    rootfsPropagation: parsePropagation(linux.member("rootfsPropagation")),
    sysctls: parseSysctls(linux.member("sysctl"), namespaces),
    seccomp: parseSeccomp(linux.member("seccomp")),
  };
}

/** "currently no flag values are supported" (config-linux.md, "Personality"). */
function parsePersonality(personality: JsonCursor): PersonalityDomain {
  const [flag] = personality.member("flags").array((each) => each);
  if (flag !== undefined) flag.refuse("no flags are known");
  return personality.member("domain").oneOf(personalityDomains);
}

function parsePropagation(propagation: JsonCursor): LinuxSpec["rootfsPropagation"] {
  return propagation.isNeutral ? null : propagation.oneOf(rootfsPropagations);
}

function parseCgroupsPath(path: JsonCursor): string {
  const text = path.string();
  if (text.split("/").includes("..")) path.fail(`must not contain "..": ${JSON.stringify(text)}`);
  return text;
}
