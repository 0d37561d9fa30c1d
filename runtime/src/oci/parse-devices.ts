import type { JsonCursor } from "../shared/json-cursor.ts";
import { type DeviceRule, type DeviceSpec, everyNumber } from "./spec.ts";
import { absolutePath, uint32Max } from "./values.ts";

const maxFileMode = 0o7777;
const defaultFileMode = 0o666;

/**
 * Character devices without hardware behind them, "major:minor": the guest's kernel has the same ones
 * (Linux: Documentation/admin-guide/devices.txt). Any other number means a device of the host, which nobody has passed through.
 */
const kernelDevices: ReadonlySet<string> = new Set([
  "1:3", // null
  "1:5", // zero
  "1:7", // full
  "1:8", // random
  "1:9", // urandom
  "5:0", // tty
  "5:2", // ptmx
  "10:200", // net/tun
  "10:229", // fuse
]);

/** Accepts one of `linux.devices`. */
export function parseDevice(device: JsonCursor): DeviceSpec {
  const type = device.member("type").oneOf(["c", "u", "b", "p"]);
  const path = absolutePath(device.member("path"));
  const major = parseNumber(device.member("major"), 0);
  const minor = parseNumber(device.member("minor"), 0);
  if (type === "b" || (type !== "p" && !kernelDevices.has(`${major}:${minor}`))) {
    return device.refuse(`a device of the host: not supported yet: ${path} (${type} ${major}:${minor})`);
  }
  return {
    path,
    type,
    major,
    minor,
    fileMode: device.member("fileMode").optional((mode) => mode.integer(0, maxFileMode), defaultFileMode),
    uid: device.member("uid").optional((id) => id.integer(0, uint32Max - 1), 0),
    gid: device.member("gid").optional((id) => id.integer(0, uint32Max - 1), 0),
  };
}

/** Accepts one of `linux.resources.devices`. */
export function parseDeviceRule(rule: JsonCursor): DeviceRule {
  const type = rule.member("type").optional((value) => value.oneOf(["a", "b", "c", ""]), "a");
  return {
    allow: rule.member("allow").boolean(),
    type: type === "" ? "a" : type,
    major: parseNumber(rule.member("major"), everyNumber),
    minor: parseNumber(rule.member("minor"), everyNumber),
    access: rule.member("access").optional(parseAccess, "rwm"),
  };
}

function parseNumber(number: JsonCursor, absent: number): number {
  return number.optional((value) => value.integer(everyNumber, uint32Max), absent);
}

function parseAccess(access: JsonCursor): string {
  const text = access.string();
  if (!/^[rwm]*$/.test(text)) access.fail(`must be made of r, w and m: ${JSON.stringify(text)}`);
  return text === "" ? "rwm" : text;
}
