import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { errorMessage } from "@runv/protocol/errors";
import { absent, type Capability, type Finding, present } from "../shared/capability.ts";
import { findProgram, type ProgramPaths } from "../shared/installation.ts";

const bytesPerMib = 1_048_576;

/** What scratch disks are made with and where. @param directory of the disks */
export async function scratchDiskSupport(
  directory: string,
  programs: ProgramPaths,
  signal: AbortSignal,
): Promise<Capability> {
  const findings = [formatterFinding(programs), await imageToolFinding(signal), directoryFinding(directory)];
  return { name: "scratch disks", needs: "all", findings };
}

function formatterFinding(programs: ProgramPaths): Finding {
  const remedy = "apt-get install e2fsprogs";
  try {
    const path = findProgram("mke2fs", programs);
    return path === null
      ? absent("mke2fs", "the program mke2fs is not installed", remedy)
      : present("mke2fs", path);
  } catch (error) {
    return absent("mke2fs", errorMessage(error));
  }
}

async function imageToolFinding(signal: AbortSignal): Promise<Finding> {
  const { tool, toolVersion } = await import("qemu-img-ts");
  try {
    return present(tool.program, await toolVersion({ signal }));
  } catch (error) {
    return absent(tool.program, errorMessage(error), `apt-get install ${tool.debianPackage}`);
  }
}

/** runv makes the directory when it is first used. */
function directoryFinding(directory: string): Finding {
  let place = directory;
  while (!existsSync(place)) place = dirname(place);
  try {
    accessSync(place, constants.W_OK);
    const { bavail, bsize } = statfsSync(place);
    return present("directory", `${directory}, ${Math.floor((bavail * bsize) / bytesPerMib)} MiB free`);
  } catch (error) {
    return absent("directory", `${directory} cannot be written: ${errorMessage(error)}`);
  }
}
