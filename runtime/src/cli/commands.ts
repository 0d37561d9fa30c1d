import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { addFeatures } from "./commands/features.ts";
import { addList } from "./commands/list.ts";
import { addSpec } from "./commands/spec.ts";
import { addState } from "./commands/state.ts";
import type { Session } from "./session.ts";

/** Every verb, in the order of the help. */
export function addCommands(program: CommandUnknownOpts, session: Session): void {
  addState(program, session);
  addList(program, session);
  addSpec(program, session);
  addFeatures(program, session);
}
