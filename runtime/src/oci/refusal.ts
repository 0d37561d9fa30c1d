import type { JsonCursor } from "../shared/json-cursor.ts";

/**
 * Fields that runtime-spec knows and runv does not honour yet. A config.json that asks for one of them is refused; an
 * empty or false value asks for nothing. Fields that runtime-spec does not know are ignored, as it demands
 * (config.md, "Extensibility").
 */
const unsupported = {
  top: ["solaris", "windows", "zos", "freebsd"],
  process: ["commandLine"],
  user: ["username"],
  linux: ["netDevices", "intelRdt", "memoryPolicy"],
} as const;

/** Why not, where that is more than that it is not built. */
const reasons: Readonly<Partial<Record<string, string>>> = {
  netDevices: "devices of the host's network namespace cannot be moved into a virtual machine: not supported",
  intelRdt:
    "classes of the host's cache and memory bandwidth do not reach into a virtual machine: not supported",
  memoryPolicy: "a guest has one memory node: not supported",
};

/** @throws RunvError unsupported, naming the first member of `object` that asks for something not honoured. */
export function refuseUnsupported(object: JsonCursor, kind: keyof typeof unsupported): void {
  for (const name of unsupported[kind]) {
    const member = object.member(name);
    if (!member.isNeutral) member.refuse(reasons[name] ?? "not supported yet");
  }
}
