import path from "node:path";

if (import.meta.dirname === undefined) {
  console.error(`runv needs Node 20.19 or newer (this is ${process.version}): see README.md`);
  process.exit(1);
}

/** Absolute path of the repository. */
export const repositoryRoot = path.resolve(import.meta.dirname, "../..");

/** Where downloads and build outputs are kept between runs; worktrees may share one. */
export const cacheDirectory = path.resolve(process.env.RUNV_CACHE_DIR || path.join(repositoryRoot, ".cache"));

/** What `npm run build` leaves for users. */
export const distDirectory = path.join(repositoryRoot, "dist");
