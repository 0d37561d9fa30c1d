import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { creationCommand, creationOptions } from "../creation-options.ts";
import type { Session } from "../session.ts";

export function addCreate(program: CommandUnknownOpts, session: Session): void {
  const command = creationCommand("create")
    .copyInheritedSettings(program)
    .description("create a container: everything but running its process")
    .action(async (id, flags) => {
      const options = await creationOptions(id, flags, session);
      const { catchInterrupts } = await import("../interrupts.ts");
      const { signal } = catchInterrupts();
      const { createContainer } = await import("../../container/create.ts");
      const container = await createContainer({ ...options, foreground: false }, session.context(signal));
      container.agent.close();
    });
  program.addCommand(command);
}
