import { resolve } from "node:path";
import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import type { CreateOptions } from "../container/create.ts";
import type { Session } from "./session.ts";

const stdinDescriptor = 0;

/** A verb with the flags that `create` and `run` share. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- inferred from the options
export function creationCommand(name: "create" | "run") {
  return new Command(name)
    .argument("<container-id>", "unique below --root")
    .option("-b, --bundle <directory>", "directory with config.json", ".")
    .option("--console-socket <path>", "UNIX socket that is sent the master of the container's terminal")
    .option("--pid-file <path>", "write the pid here that stands for the container's process")
    .option("--no-pivot", "accepted for runc's callers: the guest's root is never a ram disk")
    .option("--no-new-keyring", "accepted for runc's callers: the guest's keyrings are its own")
    .option(
      "--preserve-fds <count>",
      "descriptors to pass on besides stdin, stdout and stderr",
      parseCount,
      0,
    );
}

export type CreationFlags = ReturnType<ReturnType<typeof creationCommand>["opts"]>;

/** @throws RunvError of the settings. */
export async function creationOptions(
  id: string,
  flags: CreationFlags,
  session: Session,
): Promise<Omit<CreateOptions, "foreground">> {
  const { listeningCount } = await import("../container/preserved.ts");
  return {
    id,
    bundle: flags.bundle,
    pidFile: flags.pidFile ?? null,
    consoleSocket: absolutePath(flags.consoleSocket),
    systemdCgroup: session.systemdCgroup,
    preserved: { listening: listeningCount(process.env, process.pid), asked: flags.preserveFds },
    stdinIsTerminal: await isStdinTerminal(),
    settings: await session.settings(),
  };
}

/** The proxy has another working directory than this verb. */
export function absolutePath(path: string | undefined): string | null {
  return path === undefined ? null : resolve(path);
}

/** Imported here: the module is not cheap, and few verbs ask. */
export async function isStdinTerminal(): Promise<boolean> {
  const { isatty } = await import("node:tty");
  return isatty(stdinDescriptor);
}

export function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("must be a whole number");
  return Number(text);
}
