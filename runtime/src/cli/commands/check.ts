import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { exitCodes } from "../../shared/exit-codes.ts";
import type { Session } from "../session.ts";

export function addCheck(program: CommandUnknownOpts, session: Session): void {
  program
    .command("check")
    .description("say what this host can do, what is missing, and what brings it")
    .option("--json", "as one JSON object", false)
    .action(async ({ json }) => {
      const { checkHost } = await import("../../container/check.ts");
      const { hostReportJson, hostReportText } = await import("../output/host-report.ts");
      const report = await checkHost(await session.settings(), session.context().signal);
      session.print(json ? hostReportJson(report) : hostReportText(report));
      session.exitWith(report.canRunContainers ? exitCodes.success : exitCodes.failure);
    });
}
