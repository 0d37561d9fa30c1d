import type { ImageFormat } from "./create.ts";
import { QemuImgError } from "./error.ts";
import { type RunOptions, runQemuImg } from "./run.ts";

export interface ImageInfo {
  /** What the guest sees. */
  readonly virtualSizeBytes: number;
  /** The image that this one is a difference to. */
  readonly backingFile: string | null;
  /** Where the contents are when the image holds its tables alone. */
  readonly dataFile: string | null;
}

/** `qemu-img info`: of the image itself; also of one that a virtual machine has open. */
export async function imageInfo(
  path: string,
  options: RunOptions & { readonly format: ImageFormat },
): Promise<ImageInfo> {
  const output = await runQemuImg(
    ["info", "--output=json", "--force-share", "-f", options.format, path],
    options,
  );
  const info = parseObject(output, path);
  const size = info["virtual-size"];
  if (typeof size !== "number")
    throw new QemuImgError("unexpected-output", `qemu-img info: ${path}: no virtual-size`);
  return {
    virtualSizeBytes: size,
    backingFile: textOf(info["backing-filename"]),
    dataFile: textOf(dataOf(dataOf(info["format-specific"])["data"])["data-file"]),
  };
}

function parseObject(text: string, path: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    return dataOf(parsed);
  } catch (cause) {
    throw new QemuImgError("unexpected-output", `qemu-img info: ${path}: not JSON`, { cause });
  }
}

function dataOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
