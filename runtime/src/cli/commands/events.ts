import { type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { RunvError } from "@runv/protocol/errors";
import { oomEventJson, statsEventJson } from "../output/events-json.ts";
import { parseDuration } from "../parse-duration.ts";
import type { Session } from "../session.ts";

const defaultIntervalMs = 5000;

export function addEvents(program: CommandUnknownOpts, session: Session): void {
  program
    .command("events")
    .description(
      "print what a container uses, and that processes of it were killed for memory, as lines of JSON",
    )
    .argument("<container-id>")
    .addOption(
      new Option("--interval <duration>", "how often it is looked at")
        .argParser(parseDuration)
        .default(defaultIntervalMs, "5s"),
    )
    .option("--stats", "print what it uses now, and end", false)
    .action(async (id, { interval, stats }) => {
      if (interval <= 0) throw new RunvError("invalid-argument", "duration interval must be greater than 0");
      const { containerStats, watchContainer } = await import("../../container/events.ts");
      const context = session.context();
      if (stats) {
        session.print(statsEventJson(id, await containerStats(id, context)));
        return;
      }
      const listener = {
        onStats: (found: Parameters<typeof statsEventJson>[1]) => session.print(statsEventJson(id, found)),
        onOom: () => session.print(oomEventJson(id)),
      };
      await watchContainer(id, interval, listener, context);
    });
}
