import type { ImageFormat } from "./create.ts";
import { QemuImgError } from "./error.ts";
import { type RunOptions, runQemuImg } from "./run.ts";

/** A run of bytes of the guest's disk that the image holds itself. */
export interface DataExtent {
  /** Where the guest sees it. */
  readonly startBytes: number;
  readonly lengthBytes: number;
  /** Where it lies in the image file; null when it is not stored as it is (compressed). */
  readonly offsetBytes: number | null;
}

/** `qemu-img map`: the extents of an image that hold data, in order; holes and zeros are left out. */
export async function mapImage(
  path: string,
  options: RunOptions & { readonly format: ImageFormat },
): Promise<DataExtent[]> {
  const output = await runQemuImg(["map", "--output=json", "-f", options.format, path], options);
  const entries: unknown = parseJson(output);
  if (!Array.isArray(entries))
    throw new QemuImgError("unexpected-output", `qemu-img map: ${path}: not a list`);
  return entries.map(parseEntry).filter((entry) => entry !== null);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new QemuImgError("unexpected-output", "qemu-img map: not JSON", { cause });
  }
}

function parseEntry(entry: unknown): DataExtent | null {
  if (typeof entry !== "object" || entry === null)
    throw new QemuImgError("unexpected-output", "qemu-img map: an entry is not an object");
  const { start, length, data, zero, offset } = entry as Record<string, unknown>;
  if (typeof start !== "number" || typeof length !== "number")
    throw new QemuImgError("unexpected-output", "qemu-img map: an entry lacks start or length");
  if (data !== true || zero === true) return null;
  return { startBytes: start, lengthBytes: length, offsetBytes: typeof offset === "number" ? offset : null };
}
