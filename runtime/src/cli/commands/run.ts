import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { creationCommand, creationOptions } from "../creation-options.ts";
import type { Session } from "../session.ts";

export function addRun(program: CommandUnknownOpts, session: Session): void {
  const command = creationCommand("run")
    .copyInheritedSettings(program)
    .description("create and start a container, wait for its process and delete it")
    .option("-d, --detach", "return once the process runs", false)
    .option("--keep", "do not delete the container when its process has ended", false)
    .option("--no-subreaper", "accepted for runc's callers: runv needs no subreaper")
    .action(async (id, { detach, keep, ...flags }) => {
      const options = await creationOptions(id, flags, session);
      const { catchInterrupts } = await import("../interrupts.ts");
      const interrupts = catchInterrupts();
      const { runContainer } = await import("../../container/run.ts");
      const status = await runContainer(
        { ...options, detach, keep, onStarted: interrupts.forwardTo },
        session.context(interrupts.signal),
      );
      session.exitWith(status);
    });
  program.addCommand(command);
}
