import { afterEach, beforeAll } from "vitest";
import { hostProgram } from "./host-program.ts";
import { Terminal } from "./terminal.ts";

interface Terminals {
  /** What a caller does for --console-socket. */
  readonly listening: (socket: string) => Promise<Terminal>;
  /** Runs a verb in a shell on a terminal of this host that stays afterwards, so that the terminal outlives the verb. */
  readonly running: (argv: readonly string[], env?: NodeJS.ProcessEnv) => Terminal;
}

/** Terminals for the tests of a file, closed after each. */
export function useTerminals(): Terminals {
  let program = "";
  const open: Terminal[] = [];
  beforeAll(async () => {
    program = await hostProgram("terminal-host");
  });
  afterEach(() => {
    for (const terminal of open.splice(0)) terminal.close();
  });
  const kept = (terminal: Terminal): Terminal => {
    open.push(terminal);
    return terminal;
  };
  return {
    listening: async (socket) => kept(await Terminal.receive(program, socket)),
    running: (argv, env = process.env) => {
      const script = '"$@"; echo "verb: $?"; exec sleep 1000000';
      return kept(Terminal.spawn(program, ["/bin/sh", "-c", script, "sh", ...argv], env));
    },
  };
}
