import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { addCreate } from "./commands/create.ts";
import { addDelete } from "./commands/delete.ts";
import { addExec } from "./commands/exec.ts";
import { addFeatures } from "./commands/features.ts";
import { addKill } from "./commands/kill.ts";
import { addList } from "./commands/list.ts";
import { addPs } from "./commands/ps.ts";
import { addRun } from "./commands/run.ts";
import { addSpec } from "./commands/spec.ts";
import { addStart } from "./commands/start.ts";
import { addState } from "./commands/state.ts";
import type { Session } from "./session.ts";

/** Every verb, in the order of the help. What talks to a guest is imported when its verb runs: most verbs' time is their start. */
export function addCommands(program: CommandUnknownOpts, session: Session): void {
  const verbs = [
    addRun,
    addCreate,
    addStart,
    addState,
    addKill,
    addDelete,
    addExec,
    addPs,
    addList,
    addSpec,
    addFeatures,
  ];
  for (const add of verbs) add(program, session);
}
