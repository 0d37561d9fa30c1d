import path from "node:path";

export const repository = path.resolve(import.meta.dirname, "../../..");
export const dist = path.join(repository, "dist");
export const runv = path.join(dist, "runv");
