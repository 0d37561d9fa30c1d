import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { containerProcess } from "../../container/container-process.ts";
import { execProcessSpec, parseSubCgroups } from "../../oci/exec-process.ts";
import { noEffect } from "../../oci/labels.ts";
import { parseProcessFile } from "../../oci/parse-process.ts";
import type { ProcessSpec } from "../../oci/process-spec.ts";
import { exitCodes } from "../../shared/exit-codes.ts";
import { readJsonStream } from "../../shared/json-file.ts";
import { maxConfigBytes } from "../../shared/limits.ts";
import { absolutePath, isStdinTerminal } from "../creation-options.ts";
import { type ExecCommandFlags, execCommand } from "../exec-options.ts";
import type { Session } from "../session.ts";

export function addExec(program: CommandUnknownOpts, session: Session): void {
  const command = execCommand()
    .copyInheritedSettings(program)
    .action(async (id, args, flags) => {
      session.failWith(exitCodes.execFailure);
      warnOfLabels(flags, session);
      const process = await processSpec(id, args, { flags, session });
      const { catchInterrupts } = await import("../interrupts.ts");
      const interrupts = catchInterrupts();
      const { execProcess } = await import("../../container/exec.ts");
      const running = await execProcess(
        {
          id,
          process,
          subCgroups: parseSubCgroups(flags.cgroup),
          pidFile: flags.pidFile ?? null,
          consoleSocket: absolutePath(flags.consoleSocket),
          foreground: !flags.detach,
          ignorePaused: flags.ignorePaused,
          preserved: flags.preserveFds,
          stdinIsTerminal: await isStdinTerminal(),
        },
        session.context(interrupts.signal),
      );
      if (flags.detach) return;
      interrupts.forwardTo(running.identity.pid);
      session.log.settle();
      session.exitWith(await running.waitForExit());
    });
  program.addCommand(command);
}

async function processSpec(
  id: string,
  args: readonly string[],
  { flags, session }: { readonly flags: ExecCommandFlags; readonly session: Session },
): Promise<ProcessSpec> {
  const warn = (sentence: string) => session.log.warning(sentence);
  if (flags.process !== undefined) {
    return parseProcessFile(await readJsonStream(flags.process, "process.json", maxConfigBytes), warn);
  }
  return execProcessSpec(containerProcess(id, session.context()), {
    args,
    cwd: flags.cwd ?? null,
    env: flags.env,
    tty: flags.tty,
    user: flags.user ?? null,
    additionalGids: flags.additionalGids,
    // Commander's reading of "--no-new-privs": false when given.
    noNewPrivileges: flags.newPrivs ? null : true,
    capabilities: flags.cap,
  });
}

function warnOfLabels(flags: ExecCommandFlags, session: Session): void {
  for (const [name, value, module] of [
    ["--process-label", flags.processLabel, "SELinux"],
    ["--apparmor", flags.apparmor, "AppArmor"],
  ] as const) {
    if (value !== undefined && value !== "")
      session.log.warning(`exec ${name}: ${noEffect(module)}: ${value}`);
  }
}
