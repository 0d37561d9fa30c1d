import { type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { RunvError } from "@runv/protocol/errors";
import { parseResources } from "../../oci/parse-resources.ts";
import { resourcesOfFlags } from "../../oci/update-flags.ts";
import { JsonCursor } from "../../shared/json-cursor.ts";
import { parseJson, readJsonStream } from "../../shared/json-file.ts";
import { maxConfigBytes } from "../../shared/limits.ts";
import type { Session } from "../session.ts";
import { readStdin } from "../standard-streams.ts";

const document = "resources";

export function addUpdate(program: CommandUnknownOpts, session: Session): void {
  program
    .command("update")
    .description("change the limits of a container; what is not named stays as it is")
    .argument("<container-id>")
    .option(
      "-r, --resources <file>",
      'JSON as linux.resources of config.json, "-" for stdin; other flags are ignored then',
    )
    .option("--blkio-weight <weight>", "weight of its block I/O, 10 to 1000")
    .option("--cpu-period <us>", "period of --cpu-quota, in microseconds")
    .option("--cpu-quota <us>", "processor time in a period, in microseconds; -1: no limit")
    .option("--cpu-burst <us>", "processor time that may be saved up, in microseconds")
    .option("--cpu-share <shares>", "weight against other containers, 1024 by default")
    .option(
      "--cpu-rt-period <us>",
      "of realtime processes, where the guest's kernel has it for version 1 cgroups",
    )
    .option(
      "--cpu-rt-runtime <us>",
      "of realtime processes, where the guest's kernel has it for version 1 cgroups",
    )
    .option("--cpuset-cpus <list>", 'processors of the host that the machine may run on, "0-2,4"')
    .option("--cpuset-mems <list>", "memory nodes of the host for the machine's memory")
    .option("--cpu-idle <0|1>", "1: processor time that nobody else wants only")
    .option("--memory <bytes>", 'limit of memory; "64m" is 64 MiB; -1: no limit')
    .option("--memory-reservation <bytes>", "memory that is taken from it last")
    .option("--memory-swap <bytes>", "limit of memory and swap together; -1: no limit")
    .option("--pids-limit <count>", "most processes and threads; -1: no limit")
    .addOption(new Option("--kernel-memory <bytes>").hideHelp())
    .addOption(new Option("--kernel-memory-tcp <bytes>").hideHelp())
    .option("--l3-cache-schema <schema>", "not supported: a guest has no Intel RDT")
    .option("--mem-bw-schema <schema>", "not supported: a guest has no Intel RDT")
    .action(async (id, flags) => {
      const warn = (sentence: string) => session.log.warning(sentence);
      if (flags.l3CacheSchema !== undefined) refuseRdt("Intel RDT/CAT: l3 cache schema");
      if (flags.memBwSchema !== undefined) refuseRdt("Intel RDT/MBA: memory bandwidth schema");
      for (const name of ["kernelMemory", "kernelMemoryTcp"] as const)
        if (flags[name] !== undefined)
          warn(`setting --${name.replace(/[A-Z]/g, (l) => `-${l.toLowerCase()}`)} is ignored`);
      const given =
        flags.resources === undefined ? resourcesOfFlags(flags) : await readDocument(flags.resources);
      const resources = parseResources(new JsonCursor(given, document), warn);
      const { updateContainer } = await import("../../container/update.ts");
      await updateContainer(id, resources, session.context());
    });
}

async function readDocument(path: string): Promise<unknown> {
  if (path !== "-") return readJsonStream(path, document, maxConfigBytes);
  return parseJson(await readStdin(document, maxConfigBytes), document);
}

/** runc's words. */
function refuseRdt(what: string): never {
  throw new RunvError("unsupported", `${what} is not enabled`);
}
