import { expect, test } from "vitest";
import { exitCodes, signalExitStatus } from "../../../../runtime/src/shared/exit-codes.ts";
import { messages } from "../../../../runtime/src/shared/messages.ts";

test("what callers search for is in our texts", () => {
  const searched = [
    "container not running",
    "os: process already finished",
    "no such process",
    "does not exist",
    "executable file not found in $PATH",
    "no such file or directory",
    "permission denied",
  ];
  const texts: readonly string[] = Object.values(messages);
  for (const text of searched) expect(texts.some((message) => message.includes(text))).toBe(true);
});

test("exit statuses", () => {
  expect(exitCodes).toEqual({ success: 0, failure: 1, execFailure: 255 });
  expect(signalExitStatus(9)).toBe(137);
});
