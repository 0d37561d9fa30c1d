import { type DeviceRule, RunvError } from "@runv/protocol";

/** Into which file of the devices controller, and what. */
export interface DeviceWrite {
  readonly file: "devices.allow" | "devices.deny";
  readonly value: string;
}

/** Of those that are no rule, some access of some devices. */
interface Exception {
  readonly type: string;
  readonly major: number;
  readonly minor: number;
  readonly access: string;
}

const every = -1;
const kinds = ["r", "w", "m"];
const allAccess = kinds.join("");

/**
 * What the devices controller is told (Linux: Documentation/admin-guide/cgroup-v1/devices.rst) so that each of read, write and mknod is
 * decided by the last rule that names the device and it, as the program of version 2 does; what no rule decides is denied. The kernel itself keeps
 * what it does for all devices and a list of exceptions, and passes over what does not fit into that.
 * @throws RunvError "unsupported" for rules that would leave a hole in an exception, as runc does
 */
export function deviceWrites(rules: readonly DeviceRule[]): DeviceWrite[] {
  const writes: DeviceWrite[] = [{ file: "devices.deny", value: "a" }];
  let exceptions: readonly Exception[] = [];
  let allowsAll = false;
  for (const rule of rules.flatMap(plainRules)) {
    const file = rule.allow ? "devices.allow" : "devices.deny";
    if (rule.type === "a") {
      allowsAll = rule.allow;
      exceptions = [];
      writes.push({ file, value: "a" });
    } else if (rule.allow === allowsAll) {
      const touched = exceptions.filter((exception) => overlaps(exception, rule));
      touched.forEach((exception) => refuseHole(exception, rule));
      writes.push(
        ...touched.map(
          (exception) => ({ file, value: text({ ...exception, access: rule.access }) }) as const,
        ),
      );
      exceptions = exceptions.flatMap((exception) =>
        touched.includes(exception) ? without(exception, rule.access) : [exception],
      );
    } else {
      exceptions = [...exceptions, rule];
      writes.push({ file, value: text(rule) });
    }
  }
  return writes;
}

/** "a" with less than everything is a rule of each type. */
function plainRules(rule: DeviceRule): DeviceRule[] {
  const access = rule.access === "" ? allAccess : rule.access;
  if (rule.type !== "a") return [{ ...rule, access }];
  const isEverything =
    rule.major === every && rule.minor === every && kinds.every((kind) => access.includes(kind));
  return isEverything ? [{ ...rule, access }] : ["b", "c"].map((type) => ({ ...rule, type, access }));
}

function overlaps(one: Exception, other: Exception): boolean {
  const meets = (left: number, right: number): boolean => left === every || right === every || left === right;
  return (
    one.type === other.type &&
    meets(one.major, other.major) &&
    meets(one.minor, other.minor) &&
    kinds.some((kind) => one.access.includes(kind) && other.access.includes(kind))
  );
}

function refuseHole(exception: Exception, rule: DeviceRule): void {
  const covers = (all: number, one: number): boolean => all === every || all === one;
  if (covers(rule.major, exception.major) && covers(rule.minor, exception.minor)) return;
  const [verb, other] = rule.allow ? ["deny", "allowed"] : ["allow", "denied"];
  throw new RunvError(
    "unsupported",
    `linux.resources.devices: version 1 cgroups cannot ${verb} ${text(exception)} where ${text(rule)} is ${other}`,
  );
}

function without(exception: Exception, access: string): Exception[] {
  const left = kinds.filter((kind) => exception.access.includes(kind) && !access.includes(kind)).join("");
  return left === "" ? [] : [{ ...exception, access: left }];
}

function text({ type, major, minor, access }: Exception): string {
  const number = (value: number): string => (value === every ? "*" : String(value));
  return `${type} ${number(major)}:${number(minor)} ${access}`;
}
