import type { JsonCursor } from "../shared/json-cursor.ts";
import { type DeviceRule, type DeviceSpec, everyNumber } from "./spec.ts";
import { absolutePath, uint32Max } from "./values.ts";

const maxFileMode = 0o7777;
const defaultFileMode = 0o666;

/**
 * What is a part of the kernel and stands for no hardware, "major:minor": the guest's kernel has its own (Linux:
 * Documentation/admin-guide/devices.txt). Any other number means a device of the host, which nobody has passed through; least of all may
 * it lead to what has that number in the guest: its disks, its memory, its console.
 */
const kernelDevices: Readonly<Record<"b" | "c", readonly RegExp[]>> = {
  c: [
    /^1:(3|5|7|8|9|11)$/, // null, zero, full, random, urandom, kmsg
    /^5:(0|2)$/, // tty, ptmx
    /^10:(200|203|229|234|237)$/, // net/tun, cuse, fuse, btrfs-control, loop-control
    /^108:0$/, // ppp
    /^136:\d+$/, // pts
  ],
  b: [
    /^1:\d+$/, // ram
    /^7:\d+$/, // loop
  ],
};

/** Accepts one of `linux.devices`. */
export function parseDevice(device: JsonCursor): DeviceSpec {
  const type = device.member("type").oneOf(["c", "u", "b", "p"]);
  const path = absolutePath(device.member("path"));
  const major = parseNumber(device.member("major"), 0);
  const minor = parseNumber(device.member("minor"), 0);
  if (type !== "p" && !isKernels(type, `${major}:${minor}`))
    return device.refuse(
      `${path} (${type} ${major}:${minor}): hardware of the host, or the guest's own: only devices that are a part of the kernel (null, tun, fuse, loop …) can be had`,
    );
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

function isKernels(type: "b" | "c" | "u", number: string): boolean {
  return kernelDevices[type === "b" ? "b" : "c"].some((pattern) => pattern.test(number));
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
