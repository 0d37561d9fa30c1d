import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { Session } from "../session.ts";

export function addStart(program: CommandUnknownOpts, session: Session): void {
  program
    .command("start")
    .description("run the process of a created container")
    .argument("<container-id>")
    .action(async (id) => {
      const { startContainer } = await import("../../container/start.ts");
      await startContainer(id, session.context());
    });
}
