import { type RunOptions, runQemuImg } from "./run.ts";

/** Formats that qemu-img can write and runv uses. */
export type ImageFormat = "raw" | "qcow2";

export interface CreateImageOptions extends RunOptions {
  readonly format: ImageFormat;
  /** A multiple of 512. */
  readonly sizeBytes: number;
}

/** `qemu-img create`: a sparse image; an existing file is replaced. */
export async function createImage(path: string, options: CreateImageOptions): Promise<void> {
  await runQemuImg(["create", "-q", "-f", options.format, path, `${options.sizeBytes}`], options);
}
