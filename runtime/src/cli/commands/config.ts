import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { Session } from "../session.ts";

export function addConfig(program: CommandUnknownOpts, session: Session): void {
  const config = program.command("config").description("about the configuration of this host");
  config
    .command("default")
    .description("print a configuration file with every setting, explained and commented out")
    .action(async () => {
      const { defaultFile } = await import("../../config/default-file.ts");
      session.print(defaultFile());
    });
}
