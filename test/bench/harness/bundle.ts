import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { repository, runv } from "./paths.ts";

/** A bundle whose process is `args` on a root file system of busybox, or on `rootfs`. @returns its directory */
export function makeBundle(directory: string, args: readonly string[], rootfs?: string): string {
  const busybox = path.join(path.dirname(directory), "busybox");
  if (rootfs === undefined && !existsSync(busybox))
    execFileSync(process.execPath, [path.join(repository, "images/busybox-rootfs.mjs"), busybox]);
  mkdirSync(directory);
  execFileSync(runv, ["spec", "--bundle", directory]);
  const file = path.join(directory, "config.json");
  const config: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (typeof config !== "object" || config === null || !("process" in config))
    throw new Error("no config.json");
  const ownProcess = { ...(config.process as object), terminal: false, args };
  const root = { path: rootfs ?? busybox, readonly: false };
  writeFileSync(file, JSON.stringify({ ...config, process: ownProcess, root }));
  return directory;
}
