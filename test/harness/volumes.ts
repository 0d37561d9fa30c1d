import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { BundleMount } from "./bundle.ts";

/** Directories and files of the host to be bound, with mounts of the host in and below them. */
export class Volumes {
  readonly directory = mkdtempSync(path.join(tmpdir(), "runv-volumes-"));

  constructor() {
    for (const name of ["live", "readonly", "deep/below", "slave/later", "keys/..v1", "keys/..v2"])
      mkdirSync(this.path(name), { recursive: true });
    for (const name of ["live/one", "live/two", "live/three", "readonly/file", "single", "replaced", "gone"])
      this.write(name, `${path.basename(name)} from the host\n`);
    this.write("keys/..v1/key", "first\n");
    this.write("keys/..v2/key", "second\n");
    symlinkSync("..v1", this.path("keys/..data"));
    symlinkSync("..data/key", this.path("keys/key"));
    this.mount("-t", "tmpfs", "runv-test", this.path("deep/below"));
    this.write("deep/below/file", "below\n");
    this.mount("--bind", this.path("slave"), this.path("slave"));
    this.mount("--make-shared", this.path("slave"));
  }

  path(name: string): string {
    return path.join(this.directory, name);
  }

  write(name: string, content: string): void {
    writeFileSync(this.path(name), content);
  }

  mount(...args: readonly string[]): void {
    execFileSync("mount", args);
  }

  bind(name: string, destination: string, options: readonly string[] = ["rbind"]): BundleMount {
    return { destination, type: "bind", source: this.path(name), options };
  }

  /** Unmounts and removes everything. */
  dispose(): void {
    execFileSync("umount", ["-R", this.path("deep/below")]);
    execFileSync("umount", ["-R", this.path("slave")]);
    rmSync(this.directory, { recursive: true });
  }
}
