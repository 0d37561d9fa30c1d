import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { RunvError } from "@runv/protocol/errors";

/** `checkpoint` and `restore`, with whatever flags runc has for them: refused. */
export function addCheckpoint(program: CommandUnknownOpts): void {
  addRefused(program, "checkpoint", "the state of a virtual machine cannot be written down yet");
}

export function addRestore(program: CommandUnknownOpts): void {
  addRefused(program, "restore", "there are no checkpoints of virtual machines yet");
}

function addRefused(program: CommandUnknownOpts, name: "checkpoint" | "restore", why: string): void {
  program
    .command(name)
    .description("not supported: always fails")
    .argument("[words...]", "a container's id and runc's flags")
    .allowUnknownOption()
    .action(() => {
      throw new RunvError("unsupported", `${name}: not supported: ${why}`);
    });
}
