import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { Session } from "../session.ts";

export function addDelete(program: CommandUnknownOpts, session: Session): void {
  program
    .command("delete")
    .description("remove a stopped container and everything that belongs to it")
    .argument("<container-id>")
    .option("-f, --force", "kill it first; an unknown container is no error", false)
    .action(async (id, { force }) => {
      const { deleteContainer } = await import("../../container/delete.ts");
      await deleteContainer({ id, force }, session.context());
    });
}
