import { resolve } from "node:path";
import { Command, Option } from "@commander-js/extra-typings";
import { newestOciVersion } from "../oci/versions.ts";
import { defaultStateRoot } from "../shared/defaults.ts";
import { runvCommit, runvVersion } from "../shared/version.ts";
import { write } from "./standard-streams.ts";

/** The lines that callers look for (moby: daemon/info_unix.go, parseRuncVersion). */
const versionText = `runv version ${runvVersion}\ncommit: ${runvCommit}\nspec: ${newestOciVersion}`;

/** The program with the options that stand before the verb. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- inferred from the options
export function makeProgram() {
  return new Command("runv")
    .description("runs OCI containers, each under a guest kernel of its own")
    .version(versionText, "-v, --version", "print the version")
    .option("--root <directory>", "where the state of containers is kept", toAbsolute, defaultStateRoot)
    .option("--config <file>", "read this in place of /etc/runv/config.toml and config.d/*.toml", toAbsolute)
    .option("--log <file>", "append the log to this file instead of stderr")
    .addOption(
      new Option("--log-format <format>", "format of the log")
        .choices(["text", "json"] as const)
        .default("text" as const),
    )
    .option("--debug", "log what is done and how long it takes", false)
    .option("--systemd-cgroup", "place containers in cgroups through systemd", false)
    .addOption(
      new Option("--rootless <when>", "accepted for runc's callers").choices([
        "true",
        "false",
        "auto",
      ] as const),
    )
    .addOption(new Option("--criu <path>", "accepted for runc's callers").hideHelp())
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => write("stdout", text),
      // Errors are reported by whoever catches them, in the form that the log options ask for.
      writeErr: () => undefined,
      outputError: () => undefined,
    });
}

export type GlobalOptions = ReturnType<ReturnType<typeof makeProgram>["opts"]>;

function toAbsolute(path: string): string {
  return resolve(path);
}
