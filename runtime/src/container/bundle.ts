import { type Stats, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { RunvError } from "@runv/protocol/errors";
import { parseSpec } from "../oci/parse-spec.ts";
import type { MountSpec, Spec } from "../oci/spec.ts";
import { excerpt } from "../shared/excerpt.ts";
import { readJsonFile } from "../shared/json-file.ts";
import { maxConfigBytes } from "../shared/limits.ts";
import type { Logger } from "../shared/log.ts";
import { messages } from "../shared/messages.ts";
import { systemErrorCode } from "../shared/system-error.ts";

export interface Bundle {
  /** Absolute. */
  readonly path: string;
  /** Absolute: a directory, an image, or a block device. */
  readonly rootfs: string;
  readonly spec: Spec;
}

/** Reads a bundle (runtime-spec: bundle.md). @throws RunvError naming the file or field that is wrong. */
export function loadBundle(path: string, log: Logger): Bundle {
  const bundle = resolve(path);
  const document: unknown = readJsonFile(join(bundle, "config.json"), "config.json", maxConfigBytes);
  const parsed = parseSpec(document, (sentence) => {
    log.warning(sentence);
  });
  const spec = { ...parsed, mounts: parsed.mounts.map((mount) => withAbsoluteSource(mount, bundle)) };
  const rootfs = resolve(bundle, spec.root.path);
  checkRootfs(rootfs);
  return { path: bundle, rootfs, spec };
}

/** runtime-spec config.md: the source of a bind mount is relative to the bundle. */
function withAbsoluteSource(mount: MountSpec, bundle: string): MountSpec {
  return mount.type === "bind" && mount.source !== ""
    ? { ...mount, source: resolve(bundle, mount.source) }
    : mount;
}

function checkRootfs(rootfs: string): void {
  const kind = statOf(rootfs);
  if (!kind.isDirectory() && !kind.isFile() && !kind.isBlockDevice())
    throw new RunvError(
      "invalid-argument",
      `config.json: root.path: ${excerpt(rootfs)}: not a directory, nor an image or a block device`,
    );
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (cause) {
    const code = systemErrorCode(cause) === "ENOENT" ? "not-found" : "permission";
    const why = code === "not-found" ? messages.noSuchFile : messages.permissionDenied;
    throw new RunvError(code, `config.json: root.path: ${excerpt(path)}: ${why}`, { cause });
  }
}
