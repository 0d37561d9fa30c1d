import path from "node:path";

export const repositoryRoot = path.resolve(import.meta.dirname, "../..");
export const distDirectory = path.join(repositoryRoot, "dist");
/** Where tests keep what is dear to make: the build's cache. */
export const cacheDirectory = path.resolve(
  process.env["RUNV_CACHE_DIR"] ?? path.join(repositoryRoot, ".cache"),
);
