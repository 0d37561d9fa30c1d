import { closeSync, openSync, readFileSync, readSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorMessage, RunvError } from "@runv/protocol/errors";
import { findProgram, type ProgramPaths } from "../shared/installation.ts";
import { runProgram } from "../shared/run-program.ts";
import { systemErrorCode } from "../shared/system-error.ts";
import { transientName } from "../shared/transient.ts";

/** What mke2fs wrote on an otherwise empty disk. */
export interface Template {
  readonly extents: readonly { readonly offsetBytes: number; readonly data: Uint8Array }[];
}

export interface TemplateOptions {
  readonly sizeMib: number;
  /** Where the template is kept. */
  readonly directory: string;
  readonly programs: ProgramPaths;
  readonly signal: AbortSignal;
}

/**
 * Options of the scratch's file system. It dies with its virtual machine, so it has no journal, no checksums (each new file had
 * the guest sum up bitmaps and directory blocks) and no reserved blocks; tables are left to the kernel to write when used. Part of the template's name: a change makes a new template.
 */
const mke2fsOptions = [
  "-t",
  "ext4",
  "-O",
  "^has_journal,^resize_inode,^metadata_csum,uninit_bg",
  "-m",
  "0",
  "-E",
  "lazy_itable_init=1,nodiscard,root_owner=0:0",
];
const formatVersion = 2;
const formatTimeoutMs = 60_000;

/** Formatting costs tens of milliseconds, so it is done once for each size and its outcome (about 1 MB) kept beside the scratch disks. */
export async function loadTemplate(options: TemplateOptions): Promise<Template> {
  const path = join(options.directory, `ext4-${options.sizeMib}m-v${formatVersion}.template`);
  return readTemplate(path) ?? (await makeTemplate(path, options));
}

/** Format: JSON line `[[offsetBytes, lengthBytes], …]`, newline, the extents' bytes. @returns null when there is none or it is cut short. */
function readTemplate(path: string): Template | null {
  const file = readIfThere(path);
  const end = file?.indexOf(10) ?? -1;
  if (file === null || end < 0) return null;
  const extents: { offsetBytes: number; data: Uint8Array }[] = [];
  let position = end + 1;
  for (const [offsetBytes, lengthBytes] of parseIndex(file.subarray(0, end).toString("latin1"))) {
    extents.push({ offsetBytes, data: file.subarray(position, position + lengthBytes) });
    position += lengthBytes;
  }
  return extents.length > 0 && position === file.length ? { extents } : null;
}

function readIfThere(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}

/** Nothing for what is not an index: then the lengths do not add up. */
function parseIndex(text: string): readonly (readonly [number, number])[] {
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch {
    return [];
  }
  if (!Array.isArray(index)) return [];
  return index.flatMap((pair: unknown) => {
    if (!Array.isArray(pair)) return [];
    const offset: unknown = pair[0];
    const length: unknown = pair[1];
    return typeof offset === "number" && typeof length === "number" ? [[offset, length] as const] : [];
  });
}

async function makeTemplate(path: string, options: TemplateOptions): Promise<Template> {
  const image = join(options.directory, `${transientName()}.raw`);
  try {
    const template = { extents: await format(image, options) };
    const index = JSON.stringify(template.extents.map((extent) => [extent.offsetBytes, extent.data.length]));
    const temporary = join(options.directory, `${transientName()}.template`);
    writeFileSync(
      temporary,
      Buffer.concat([Buffer.from(`${index}\n`), ...template.extents.map((extent) => extent.data)]),
      { mode: 0o600 },
    );
    renameSync(temporary, path);
    return template;
  } finally {
    rmSync(image, { force: true });
  }
}

async function format(image: string, options: TemplateOptions): Promise<Template["extents"]> {
  const { sizeMib, signal } = options;
  const mke2fs = findProgram("mke2fs", options.programs);
  if (mke2fs === null)
    throw new RunvError("unavailable", "scratch disk: mke2fs is not installed (Debian package e2fsprogs)");
  const { mapImage } = await import("qemu-img-ts");
  const limits = { signal, timeoutMs: formatTimeoutMs };
  await createRaw(image, { sizeBytes: sizeMib * 1_048_576, ...limits });
  await runProgram(mke2fs, ["-q", "-F", ...mke2fsOptions, image], { what: "scratch disk", ...limits });
  const extents = await mapImage(image, { format: "raw", ...limits });
  const descriptor = openSync(image, "r");
  try {
    return extents.map(({ startBytes, lengthBytes }) => ({
      offsetBytes: startBytes,
      data: readExactly(descriptor, startBytes, lengthBytes),
    }));
  } finally {
    closeSync(descriptor);
  }
}

interface RawOptions {
  readonly sizeBytes: number;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** @throws RunvError "unavailable" without qemu-img. */
async function createRaw(image: string, options: RawOptions): Promise<void> {
  const { createImage } = await import("qemu-img-ts");
  try {
    await createImage(image, { format: "raw", ...options });
  } catch (cause) {
    if (systemErrorCode(cause) !== "not-installed") throw cause;
    throw new RunvError("unavailable", `scratch disk: ${errorMessage(cause)}`, { cause });
  }
}

function readExactly(descriptor: number, offsetBytes: number, lengthBytes: number): Buffer {
  const data = Buffer.alloc(lengthBytes);
  if (readSync(descriptor, data, 0, lengthBytes, offsetBytes) !== lengthBytes)
    throw new RunvError("internal", "scratch disk: template: short read");
  return data;
}
