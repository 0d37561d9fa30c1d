import { isErrorCode } from "@runv/protocol";
import { RunvError } from "@runv/protocol/errors";

/** One line that a resident piece wrote, its members not yet looked at. */
export type ResidentEvent = Readonly<Record<string, unknown>>;

/** @throws RunvError with the piece's own code and sentence when the event is "failed". */
export function parseResidentEvent(line: string, what: string): ResidentEvent {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new RunvError("internal", `${what}: answer is not JSON`, { cause });
  }
  if (typeof value !== "object" || value === null)
    throw new RunvError("internal", `${what}: answer is not an object`);
  const event: ResidentEvent = { ...value };
  if (event["event"] !== "failed") return event;
  const code = isErrorCode(event["code"]) ? event["code"] : "internal";
  throw new RunvError(code, typeof event["message"] === "string" ? event["message"] : `${what}: failed`);
}

/** A member of an event that is a list of sentences. */
export function textsOf(member: unknown): readonly string[] {
  return Array.isArray(member) ? member.filter((text) => typeof text === "string") : [];
}
