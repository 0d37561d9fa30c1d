import type { JsonCursor } from "../shared/json-cursor.ts";

/**
 * Fields that runtime-spec knows and runv does not honour yet. A config.json that asks for one of them is refused; an
 * empty or false value asks for nothing. Fields that runtime-spec does not know are ignored, as it demands
 * (config.md, "Extensibility").
 */
const unsupported = {
  top: ["solaris", "windows", "zos", "freebsd"],
  process: ["apparmorProfile", "selinuxLabel", "commandLine", "scheduler", "ioPriority", "execCPUAffinity"],
  user: ["username"],
  linux: ["netDevices", "intelRdt", "memoryPolicy", "mountLabel", "personality"],
} as const;

/** @throws RunvError unsupported, naming the first member of `object` that asks for something not honoured. */
export function refuseUnsupported(object: JsonCursor, kind: keyof typeof unsupported): void {
  for (const name of unsupported[kind]) {
    const member = object.member(name);
    if (!member.isNeutral) member.refuse("not supported yet");
  }
}
