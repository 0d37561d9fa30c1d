import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { Session } from "../session.ts";

export function addResume(program: CommandUnknownOpts, session: Session): void {
  program
    .command("resume")
    .description("let the processes of a paused container go on")
    .argument("<container-id>")
    .action(async (id) => {
      const { resumeContainer } = await import("../../container/pause.ts");
      await resumeContainer(id, session.context());
    });
}
