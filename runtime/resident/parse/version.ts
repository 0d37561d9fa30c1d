import { RunvError } from "@runv/protocol";
import { type Fields, parseInteger } from "./fields.ts";

/** @throws RunvError "version-mismatch" that says which side is the older one. */
export function checkVersion(spec: Fields, own: number, program: string): void {
  const theirs = parseInteger(spec["version"], "version");
  if (theirs === own) return;
  const [older, newer] = theirs < own ? ["runv", program] : [program, "runv"];
  const numbers = `runv speaks version ${theirs} of their contract, ${program} version ${own}`;
  throw new RunvError(
    "version-mismatch",
    `${program}: ${older} is older than ${newer} (${numbers}); install both from the same release`,
  );
}
