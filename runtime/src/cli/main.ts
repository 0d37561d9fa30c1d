import { runCli } from "./run-cli.ts";

// No top-level await: the executable is compiled as CommonJS. Exits at once, whatever handles a library still holds.
void runCli(process.argv.slice(2)).then((status) => process.exit(status));
