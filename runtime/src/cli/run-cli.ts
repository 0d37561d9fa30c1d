import { addCommands } from "./commands.ts";
import { makeProgram } from "./global-options.ts";
import { Session } from "./session.ts";

/** Runs one command line. @returns the exit status of the program. */
export async function runCli(argv: readonly string[]): Promise<number> {
  const program = makeProgram();
  const session = new Session(() => program.opts());
  try {
    await addCommands(program, session, argv);
    await program.parseAsync(argv, { from: "user" });
    return session.succeed();
  } catch (thrown) {
    return session.fail(thrown);
  }
}
