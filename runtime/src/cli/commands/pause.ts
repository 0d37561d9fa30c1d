import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { Session } from "../session.ts";

export function addPause(program: CommandUnknownOpts, session: Session): void {
  program
    .command("pause")
    .description("stop the processes of a container where they are")
    .argument("<container-id>")
    .action(async (id) => {
      const { pauseContainer } = await import("../../container/pause.ts");
      await pauseContainer(id, session.context());
    });
}
