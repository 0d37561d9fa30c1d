import { RunvError } from "@runv/protocol/errors";
import { maxContainerIdBytes } from "./limits.ts";

/** The characters that libcontainer allows (runc: factory_linux.go, validateID). */
const idPattern = /^[\w+.-]+$/;

/** @throws RunvError invalid-argument; the text is runc's. @returns `text` as a container id, safe as the name of a directory. */
export function parseContainerId(text: string): string {
  if (!idPattern.test(text) || text === "." || text === "..") {
    throw new RunvError("invalid-argument", `invalid container ID format: ${JSON.stringify(text)}`);
  }
  if (text.length > maxContainerIdBytes) {
    throw new RunvError(
      "invalid-argument",
      `invalid container ID format: longer than ${maxContainerIdBytes} characters`,
    );
  }
  return text;
}
