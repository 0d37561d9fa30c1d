import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { Session } from "../session.ts";

export function addKill(program: CommandUnknownOpts, session: Session): void {
  program
    .command("kill")
    .description("send a signal to a container's process")
    .argument("<container-id>")
    .argument("[signal]", "number or name", "TERM")
    .option("-a, --all", "send it to every process of the container", false)
    .action(async (id, signalText, { all }) => {
      const { parseSignal } = await import("../parse-signal.ts");
      const signal = parseSignal(signalText);
      const { killContainer } = await import("../../container/kill.ts");
      await killContainer({ id, signal, all }, session.context());
    });
}
