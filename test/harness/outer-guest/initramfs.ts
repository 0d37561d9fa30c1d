import { readFileSync } from "node:fs";
import path from "node:path";
import { cpioArchive } from "../../../scripts/native/cpio.mjs";

const directories = ["bin", "dev", "disk", "lower", "modules", "new", "proc", "sys"];

/** An initramfs that loads these modules and runs init.sh. */
export function outerInitramfs(modules: readonly string[]): Uint8Array {
  const init = readFileSync(path.join(import.meta.dirname, "init.sh"));
  const order = modules.map((module) => `${path.basename(module)}\n`).join("");
  return cpioArchive([
    ...directories.map((name) => ({ name, type: "directory", permissions: 0o755 }) as const),
    { name: "dev/console", type: "character", permissions: 0o600, device: [5, 1] },
    file("init", init),
    file("bin/busybox", readFileSync("/bin/busybox")),
    file("modules/order", Buffer.from(order)),
    ...modules.map((module) => file(`modules/${path.basename(module)}`, readFileSync(module))),
  ]);
}

function file(name: string, content: Uint8Array) {
  return { name, type: "file", permissions: 0o755, content } as const;
}
