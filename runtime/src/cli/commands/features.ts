import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { runtimeFeatures } from "../../oci/features.ts";
import { runvVersion } from "../../shared/version.ts";
import type { Session } from "../session.ts";

export function addFeatures(program: CommandUnknownOpts, session: Session): void {
  program
    .command("features")
    .description("print what a config.json may ask for, as JSON")
    .action(() => {
      session.print(`${JSON.stringify(runtimeFeatures(runvVersion), null, 4)}\n`);
    });
}
