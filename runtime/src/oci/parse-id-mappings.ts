import type { JsonCursor } from "../shared/json-cursor.ts";
import type { IdMapping, IdMappings } from "./spec.ts";
import { uint32Max } from "./values.ts";

/** What the kernel takes (user_namespaces(7)): so many ranges, in one write below the size of a page. */
const maxMappings = 340;
const maxTextBytes = 4095;

/** Accepts `uidMappings` and `gidMappings` of an object; null when neither is there. */
export function parseIdMappings(object: JsonCursor): IdMappings | null {
  const uids = parseMappings(object.member("uidMappings"));
  const gids = parseMappings(object.member("gidMappings"));
  if (uids.length === 0 && gids.length === 0) return null;
  for (const [name, mappings] of [["uidMappings", uids] as const, ["gidMappings", gids] as const])
    if (mappings.length === 0) object.member(name).fail("is required beside the other mappings");
  return { uids, gids };
}

function parseMappings(mappings: JsonCursor): readonly IdMapping[] {
  const parsed = mappings.array(parseMapping);
  if (parsed.length > maxMappings) mappings.fail(`must have at most ${maxMappings} ranges`);
  const text = parsed.map(({ inside, outside, count }) => `${inside} ${outside} ${count}\n`).join("");
  if (text.length > maxTextBytes)
    mappings.fail(
      `must have at most ${maxTextBytes} characters as the kernel is told them: has ${text.length}`,
    );
  for (const side of ["inside", "outside"] as const)
    if (overlap(parsed, side))
      mappings.fail(`ranges overlap in ${side === "inside" ? "containerID" : "hostID"}`);
  return parsed;
}

function parseMapping(mapping: JsonCursor): IdMapping {
  const inside = mapping.member("containerID").optional((id) => id.integer(0, uint32Max - 1), 0);
  const outside = mapping.member("hostID").optional((id) => id.integer(0, uint32Max - 1), 0);
  const count = mapping.member("size").integer(1, uint32Max);
  if (inside + count > uint32Max || outside + count > uint32Max)
    mapping.member("size").fail("leads past the last id");
  return { inside, outside, count };
}

function overlap(mappings: readonly IdMapping[], side: "inside" | "outside"): boolean {
  const sorted = mappings.toSorted((one, other) => one[side] - other[side]);
  return sorted.some((mapping, index) => {
    const next = sorted[index + 1];
    return next !== undefined && mapping[side] + mapping.count > next[side];
  });
}

/** Whether the container has this id. */
export function isMapped(mappings: readonly IdMapping[], id: number): boolean {
  return mappings.some(({ inside, count }) => id >= inside && id < inside + count);
}
