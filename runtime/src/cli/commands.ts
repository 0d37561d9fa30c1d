import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { Session } from "./session.ts";

type Add = (program: CommandUnknownOpts, session: Session) => void;

/** Every verb, in the order of the help. */
const verbs: Readonly<Record<string, () => Promise<Add>>> = {
  run: async () => (await import("./commands/run.ts")).addRun,
  create: async () => (await import("./commands/create.ts")).addCreate,
  start: async () => (await import("./commands/start.ts")).addStart,
  state: async () => (await import("./commands/state.ts")).addState,
  kill: async () => (await import("./commands/kill.ts")).addKill,
  delete: async () => (await import("./commands/delete.ts")).addDelete,
  exec: async () => (await import("./commands/exec.ts")).addExec,
  update: async () => (await import("./commands/update.ts")).addUpdate,
  pause: async () => (await import("./commands/pause.ts")).addPause,
  resume: async () => (await import("./commands/resume.ts")).addResume,
  events: async () => (await import("./commands/events.ts")).addEvents,
  ps: async () => (await import("./commands/ps.ts")).addPs,
  list: async () => (await import("./commands/list.ts")).addList,
  checkpoint: async () => (await import("./commands/checkpoint.ts")).addCheckpoint,
  restore: async () => (await import("./commands/checkpoint.ts")).addRestore,
  check: async () => (await import("./commands/check.ts")).addCheck,
  spec: async () => (await import("./commands/spec.ts")).addSpec,
  features: async () => (await import("./commands/features.ts")).addFeatures,
  config: async () => (await import("./commands/config.ts")).addConfig,
};
const helpWords = ["help", "-h", "--help"];

/**
 * Adds the verbs that can be meant: most verbs' time is the program's start. A command line that names none, or asks for help,
 * gets them all; so does what a verb itself needs only when it runs.
 */
export async function addCommands(
  program: CommandUnknownOpts,
  session: Session,
  argv: readonly string[],
): Promise<void> {
  const named = Object.keys(verbs).filter((name) => argv.includes(name));
  const isAboutAll = named.length === 0 || argv.some((word) => helpWords.includes(word));
  const wanted = isAboutAll ? Object.values(verbs) : named.flatMap((name) => verbs[name] ?? []);
  for (const load of wanted) (await load())(program, session);
}
