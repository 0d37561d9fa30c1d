import { type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { listContainers } from "../../container/list.ts";
import type { OciState } from "../../oci/state-json.ts";
import { statesJson } from "../output/json.ts";
import { formatTable } from "../output/table.ts";
import type { Session } from "../session.ts";

export function addList(program: CommandUnknownOpts, session: Session): void {
  program
    .command("list")
    .description("list the containers below --root")
    .addOption(
      new Option("-f, --format <format>").choices(["table", "json"] as const).default("table" as const),
    )
    .option("-q, --quiet", "print ids only", false)
    .action(async ({ format, quiet }) => {
      const { states, damaged } = await listContainers(session.context());
      for (const { damage } of damaged) session.log.warning(damage.message);
      if (quiet) session.print(states.map((state) => `${state.id}\n`).join(""));
      else session.print(format === "json" ? statesJson(states) : table(states));
    });
}

function table(states: readonly OciState[]): string {
  const header = ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"];
  const rows = states.map(({ id, pid, status, bundle, created, owner }) => [
    id,
    String(pid),
    status,
    bundle,
    created,
    owner,
  ]);
  return formatTable([header, ...rows]);
}
