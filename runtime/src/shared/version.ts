/** The version of runv, as `runv --version` prints it and as state files record it. */
export const runvVersion = "0.1.0";
