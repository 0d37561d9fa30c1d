import { excerpt } from "../shared/excerpt.ts";
import type { JsonCursor } from "../shared/json-cursor.ts";
import { type CapabilityName, capabilityNames } from "./linux-names.ts";
import type { CapabilitySets } from "./process-spec.ts";
import type { Warn } from "./warn.ts";

/** Unknown names are left out with a warning: "Any value which cannot be mapped to a relevant kernel interface … MUST be logged" (config.md). */
export function parseCapabilities(capabilities: JsonCursor, warn: Warn): CapabilitySets {
  const set = (name: keyof CapabilitySets) => parseSet(capabilities.member(name), warn);
  return {
    bounding: set("bounding"),
    effective: set("effective"),
    inheritable: set("inheritable"),
    permitted: set("permitted"),
    ambient: set("ambient"),
  };
}

function parseSet(set: JsonCursor, warn: Warn): readonly CapabilityName[] {
  return set.strings().flatMap((name) => {
    const known = parseCapabilityName(name);
    if (known === null) warn(`${set.path}: unknown capability is ignored: ${excerpt(JSON.stringify(name))}`);
    return known === null ? [] : [known];
  });
}

/** @returns null for a name that no kernel has. */
export function parseCapabilityName(name: string): CapabilityName | null {
  return capabilityNames.find((known) => known === name) ?? null;
}
