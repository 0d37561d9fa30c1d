import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { noticesDirectory } from "../shared/defaults.ts";

/** Whether something is to be told now: it has not been since this host was booted. Where that cannot be kept, nothing is told. */
export function isFirstNotice(name: string): boolean {
  try {
    mkdirSync(noticesDirectory, { recursive: true, mode: 0o700 });
    closeSync(openSync(join(noticesDirectory, name), "wx", 0o600));
    return true;
  } catch {
    return false;
  }
}
