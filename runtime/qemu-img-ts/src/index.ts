export { type CreateImageOptions, createImage, type ImageFormat } from "./create.ts";
export { QemuImgError, type QemuImgErrorCode } from "./error.ts";
export { type ImageInfo, imageInfo } from "./info.ts";
export { type DataExtent, mapImage } from "./map.ts";
export type { RunOptions } from "./run.ts";
export { tool, toolVersion } from "./version.ts";
