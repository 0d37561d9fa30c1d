import { type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { RunvError } from "@runv/protocol/errors";
import { processTable } from "../output/process-table.ts";
import type { Session } from "../session.ts";

/** What runc's table shows without being told: anything else would be options to the host's ps(1). */
const acceptedOptions = ["-ef"];

export function addPs(program: CommandUnknownOpts, session: Session): void {
  program
    .command("ps")
    .description(
      "list the processes of a container: as a table the guest's, as JSON the pids that stand for them here",
    )
    .argument("<container-id>")
    .argument("[ps-options...]")
    .addOption(
      new Option("-f, --format <format>").choices(["table", "json"] as const).default("table" as const),
    )
    .passThroughOptions()
    .action(async (id, psOptions, { format }) => {
      const { guestProcesses, hostPids } = await import("../../container/ps.ts");
      if (format === "json") {
        session.print(`${JSON.stringify(hostPids(id, session.context()))}\n`);
        return;
      }
      refusePsOptions(psOptions);
      session.print(processTable(await guestProcesses(id, session.context()), new Date()));
    });
}

function refusePsOptions(options: readonly string[]): void {
  const other = options.find((option) => !acceptedOptions.includes(option));
  if (other !== undefined) throw new RunvError("unsupported", `ps: option not supported: ${other}`);
}
