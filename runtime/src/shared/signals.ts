import { constants } from "node:os";

/** The number of a signal by its name ("SIGTERM"); 0 for a name that this system does not have. */
export function signalNumber(name: string): number {
  return new Map<string, number>(Object.entries(constants.signals)).get(name) ?? 0;
}
