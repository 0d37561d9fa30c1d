import type { JsonCursor } from "../shared/json-cursor.ts";
import type { HugepageLimit, InterfacePriority, RdmaLimit, UnifiedResource } from "./resources.ts";
import { uint32Max } from "./values.ts";

const maxUint64 = 2 ** 64;

/** Accepts one of `hugepageLimits`. */
export function parseHugepageLimit(element: JsonCursor): HugepageLimit {
  const pageSize = element.member("pageSize");
  const size = pageSize.string();
  if (!/^[1-9]\d{0,9}[KMG]B$/.test(size))
    pageSize.fail(`must be a size such as "2MB": ${JSON.stringify(size)}`);
  return { pageSize: size, limitBytes: element.member("limit").integer(0, maxUint64) };
}

/** Accepts one of `network.priorities`. */
export function parseInterfacePriority(element: JsonCursor): InterfacePriority {
  const name = element.member("name");
  if (!/^[^\s/]{1,15}$/.test(name.string())) name.fail("must be the name of a network interface");
  return { name: name.string(), priority: element.member("priority").integer(0, uint32Max) };
}

/** Accepts one of `rdma`. */
export function parseRdmaLimit([device, limits]: readonly [string, JsonCursor]): RdmaLimit {
  if (!/^[\w.-]+$/.test(device)) limits.fail("must be named like a device");
  const number = (name: string) => limits.member(name).optional((value) => value.integer(0, uint32Max), null);
  return { device, hcaHandles: number("hcaHandles"), hcaObjects: number("hcaObjects") };
}

/** Accepts one of `unified`; refused in runc's words. */
export function parseUnified([name, value]: readonly [string, JsonCursor]): UnifiedResource {
  if (!/^[\w-][\w.-]*$/.test(name)) value.fail("unified resource must be a file name (no slashes)");
  return { name, value: value.string() };
}
