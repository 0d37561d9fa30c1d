import { existsSync, readFileSync } from "node:fs";
import type { Bed } from "./bed.ts";
import type { HookConfig } from "./config.ts";

const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** A hook that is a shell script, on the host or in the container. */
export function scriptHook(script: string, more: Partial<HookConfig> = {}): HookConfig {
  return { path: "/bin/sh", args: ["sh", "-c", script], env: [path], ...more };
}

/** What hooks on the host write down, a line each. */
export class HookLog {
  readonly file: string;

  constructor(bed: Bed) {
    this.file = bed.path("hooks");
  }

  /** A hook that appends what the script prints. */
  hook(script: string, more: Partial<HookConfig> = {}): HookConfig {
    return scriptHook(`{ ${script}; } >> ${this.file}`, more);
  }

  lines(): string[] {
    return existsSync(this.file) ? readFileSync(this.file, "utf8").trimEnd().split("\n") : [];
  }
}
