import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type LogFormat, Logger } from "../../../../runtime/src/shared/log.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "runv-log-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function make(format: LogFormat, withFile: boolean, debug = false) {
  const stderr: string[] = [];
  const file = withFile ? path.join(directory, "log") : null;
  return { logger: new Logger({ file, format, debug, stderr: (text) => stderr.push(text) }), stderr, file };
}

const lines = (file: string | null) =>
  readFileSync(file ?? "", "utf8")
    .split("\n")
    .slice(0, -1);

test("json: one object a line, as containerd decodes it; the sentence goes to stderr too", () => {
  const { logger, stderr, file } = make("json", true);
  logger.info("first", { id: "c1" });
  logger.fatal('second "quoted"\nline');
  const [first, second] = lines(file).map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(first).toMatchObject({ level: "info", msg: "first", id: "c1" });
  expect(second).toMatchObject({ level: "error", msg: 'second "quoted"\nline' });
  expect(String(second?.["time"])).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(stderr).toEqual(['second "quoted"\nline\n']);
});

test("fields cannot forge a line's level", () => {
  const { logger, file } = make("json", true);
  logger.info("x", { level: "error", msg: "y" });
  expect(JSON.parse(lines(file)[0] ?? "")).toMatchObject({ level: "info", msg: "x" });
});

test("text: logfmt", () => {
  const { logger, file } = make("text", true);
  logger.fatal("it failed");
  expect(lines(file)[0]).toMatch(/^time="[^"]+Z" level=error msg="it failed"$/);
});

test("without a file the lines go to stderr, once", () => {
  const { logger, stderr } = make("text", false);
  logger.fatal("it failed");
  expect(stderr).toEqual(["runv: it failed\n"]);
});

test("debug lines only with debug", () => {
  const quiet = make("text", false);
  quiet.logger.debug("x");
  expect(quiet.stderr).toEqual([]);
  const loud = make("text", false, true);
  loud.logger.debug("x", { pid: 1 });
  expect(loud.stderr).toEqual(["runv: debug: x pid=1\n"]);
});

test("no line, no file", () => {
  const { file } = make("json", true);
  expect(() => lines(file)).toThrow("ENOENT");
});

test("a log that cannot be written is said on stderr", () => {
  const stderr: string[] = [];
  const file = path.join(directory, "missing/log");
  new Logger({ file, format: "json", debug: false, stderr: (text) => stderr.push(text) }).fatal("it failed");
  expect(stderr[0]).toMatch(/^runv: cannot write the log: .*ENOENT/);
  expect(stderr[1]).toBe("it failed\n");
});

test("what a guest says does not command the user's terminal", () => {
  const { logger, stderr } = make("text", false);
  logger.fatal("agent: \u001b]0;title\u0007\u009b31m red\nnext line");
  expect(stderr).toEqual(["runv: agent: ?]0;title??31m red\nnext line\n"]);
});

test("the log of a verb that failed is one JSON object, as podman reads it, with the warnings in it", () => {
  const { logger, stderr, file } = make("json", true);
  logger.warning("one");
  logger.warning("two");
  logger.fatal("the reason");
  expect(JSON.parse(readFileSync(file ?? "", "utf8"))).toMatchObject({
    level: "error",
    msg: "the reason",
    warnings: ["one", "two"],
  });
  expect(stderr).toEqual(["the reason\n"]);
});

test("the error is first on stderr, as conmon reads it, and the warnings follow", () => {
  const { logger, stderr } = make("text", false);
  logger.warning("one");
  logger.fatal("the reason");
  expect(stderr).toEqual(["runv: the reason\n", "runv: warning: one\n"]);
});

test.each([true, false])(
  "warnings of a verb that does not fail are lines of their own, with debug at once: %s",
  (debug) => {
    const { logger, file } = make("json", true, debug);
    logger.warning("one");
    if (!debug) logger.settle();
    expect(lines(file).map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ level: "warning", msg: "one" }),
    ]);
    logger.settle();
    expect(lines(file)).toHaveLength(1);
  },
);
