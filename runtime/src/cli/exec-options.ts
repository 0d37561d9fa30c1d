import { Command } from "@commander-js/extra-typings";
import { parseCount } from "./creation-options.ts";

/** `exec` with its flags. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- inferred from the options
export function execCommand() {
  return new Command("exec")
    .description("run a further process in a container")
    .argument("<container-id>")
    .argument("[command...]", "what to run, unless --process says it")
    .option("-p, --process <file>", "process.json, in place of the command and the flags about it")
    .option("--console-socket <path>", "UNIX socket that is sent the master of the process's terminal")
    .option("-d, --detach", "return once the process runs", false)
    .option("--pid-file <path>", "write the pid here that stands for the process")
    .option("--cwd <directory>", "working directory, absolute")
    .option("-e, --env <NAME=value>", "add to the environment (repeatable)", append, noTexts)
    .option("-t, --tty", "give it a terminal", false)
    .option("-u, --user <uid[:gid]>", "numeric user and group")
    .option("-g, --additional-gids <gid>", "add a group (repeatable)", append, noTexts)
    .option("-c, --cap <name>", "add a capability (repeatable)", append, noTexts)
    .option("--no-new-privs", "let it gain no privileges through execve")
    .option("--process-label <label>", "SELinux label: has no effect, guests have no SELinux")
    .option("--apparmor <profile>", "AppArmor profile: has no effect, guests have no AppArmor")
    .option(
      "--cgroup <[controller:]path>",
      "cgroup below the container's that it has made, to run in (repeatable with controllers of version 1)",
      append,
      noTexts,
    )
    .option("--ignore-paused", "in a paused container: wait for resume", false)
    .option(
      "--preserve-fds <count>",
      "descriptors to pass on besides stdin, stdout and stderr",
      parseCount,
      0,
    )
    .passThroughOptions();
}

export type ExecCommandFlags = ReturnType<ReturnType<typeof execCommand>["opts"]>;

const noTexts: readonly string[] = [];

function append(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}
