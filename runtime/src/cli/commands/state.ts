import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { containerState } from "../../container/state.ts";
import { stateJson } from "../output/json.ts";
import type { Session } from "../session.ts";

export function addState(program: CommandUnknownOpts, session: Session): void {
  program
    .command("state")
    .description("print the state of a container as JSON")
    .argument("<container-id>")
    .action(async (id) => {
      session.print(stateJson(await containerState(id, session.context())));
    });
}
