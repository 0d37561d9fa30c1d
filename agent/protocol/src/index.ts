export * from "./bulk.ts";
export * from "./errors.ts";
export * from "./generated/agent.ts";
export * from "./ports.ts";
export * from "./process-io.ts";
