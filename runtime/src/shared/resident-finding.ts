import { errorMessage } from "@runv/protocol/errors";
import { absent, type Finding, present } from "./capability.ts";
import { residentProgram } from "./installation.ts";

/** Whether one of our own executables is there. @param name of what it is needed for */
export function residentFinding(program: string, name = program): Finding {
  try {
    return present(name, residentProgram(program));
  } catch (error) {
    return absent(name, errorMessage(error));
  }
}
