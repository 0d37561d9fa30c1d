/** The version of runv, as `runv --version` prints it and as state files record it. */
export const runvVersion = "0.1.0";

/** Put in by the build (scripts/build-runtime.mjs). */
declare const RUNV_COMMIT: string;

/** The commit that this runv was built from. */
export const runvCommit = typeof RUNV_COMMIT === "string" ? RUNV_COMMIT : "unknown";
