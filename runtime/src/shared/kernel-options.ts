import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What a guest kernel was built with. */
export interface KernelOptions {
  readonly path: string;
  /** By the options' whole names, as they stand in the file: "y", "4", "\"text\"". */
  readonly values: ReadonlyMap<string, string>;
}

/** Reads the file `config` beside a guest kernel; null when there is none, so that nothing is known of the kernel. */
export function kernelOptions(vmlinux: string): KernelOptions | null {
  const path = join(dirname(vmlinux), "config");
  const text = readIfThere(path);
  if (text === null) return null;
  const lines = text.matchAll(/^(CONFIG_\w+)=(.*)$/gm);
  return { path, values: new Map(Array.from(lines, ([, name = "", value = ""]) => [name, value])) };
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
