import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { errorMessage, RunvError } from "@runv/protocol/errors";
import { defaultSpec } from "../../oci/default-spec.ts";
import { systemErrorCode } from "../../shared/system-error.ts";
import type { Session } from "../session.ts";

export function addSpec(program: CommandUnknownOpts, session: Session): void {
  program
    .command("spec")
    .description("write a config.json to start from")
    .option("-b, --bundle <directory>", "where to write it", ".")
    .option("--rootless", "write one for an unprivileged user")
    .action(({ bundle, rootless }) => {
      if (rootless === true) throw new RunvError("unsupported", "spec --rootless: not supported yet");
      writeSpec(join(bundle, "config.json"));
      session.log.debug("written", { path: join(bundle, "config.json") });
    });
}

function writeSpec(path: string): void {
  try {
    writeFileSync(path, `${JSON.stringify(defaultSpec(), null, "\t")}\n`, { flag: "wx" });
  } catch (cause) {
    if (systemErrorCode(cause) !== "EEXIST") {
      throw new RunvError("internal", `cannot write: ${path}: ${errorMessage(cause)}`, { cause });
    }
    throw new RunvError("already-exists", "File config.json exists. Remove it first", {
      cause,
      context: { path },
    });
  }
}
