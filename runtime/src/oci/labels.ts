import type { JsonCursor } from "../shared/json-cursor.ts";
import type { Warn } from "./warn.ts";

/** Characters of a label that a warning quotes. */
const shownLength = 128;
/** What asks for no confinement. */
const unconfined = "unconfined";

/**
 * A label of a security module that guests do not have. Callers set them by the host's own modules, for every container: it has no effect,
 * with a warning, and what it protects is behind the virtual machine.
 */
export function ignoreLabel(label: JsonCursor, module: "AppArmor" | "SELinux", warn: Warn): void {
  const text = label.optional((value) => value.string(), "");
  if (text !== "" && text !== unconfined)
    warn(
      `${label.path}: ${noEffect(module)}: ${JSON.stringify(text.slice(0, shownLength).replace(/\p{Cc}/gu, "?"))}`,
    );
}

export function noEffect(module: "AppArmor" | "SELinux"): string {
  return `has no effect, guests have no ${module}`;
}
