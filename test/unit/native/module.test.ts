import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { runFixture, scenario } from "../../harness/native-fixture.ts";

const declarations = path.resolve(import.meta.dirname, "../../../agent/native/runv-sys.d.ts");

test("the module exports what its declaration names, and nothing else", async () => {
  const text = readFileSync(declarations, "utf8");
  const declared = [...text.matchAll(/^ {2}export (?:function|const) (\w+)/gm)].map((match) => match[1]);
  expect(await scenario("exports")).toEqual(declared.sort());
});

test("errors carry code, number and call, and name the thing", async () => {
  const errno = (code: string, number: number, syscall: string, message: string): object => ({
    name: "Error",
    code,
    errno: number,
    syscall,
    message: `${code}: ${message}`,
  });
  expect(await scenario("errors")).toMatchObject({
    missing: errno("ENOENT", 2, "mkdir", "no such file or directory: mkdir /nowhere/at/all"),
    twoPaths: errno("ENOENT", 2, "rename", "no such file or directory: rename /nowhere/a -> /nowhere/b"),
    nul: { name: "TypeError", message: "path: holds a NUL byte" },
    type: { name: "TypeError", message: "flags: not a whole number" },
    range: { name: "RangeError", message: "file descriptor: out of range" },
    fraction: { name: "TypeError", message: "maxBytes: not a whole number" },
    tooLarge: errno("EFBIG", 27, "read", "file too large: read /proc/self/environ"),
    longSocket: { code: "ENAMETOOLONG" },
  });
});

test("text is decoded as the platform's own decoder does", async () => {
  const invalid = [0x41, 0xff, 0xe2, 0x82, 0x42, 0xed, 0xa0, 0x80, 0xf4, 0x90, 0x80, 0x80];
  expect(await scenario("text")).toMatchObject({
    roundTrip: "aé€😀",
    bytes: [0xc3, 0xa9],
    replaced: new TextDecoder().decode(new Uint8Array(invalid)),
    fatal: { code: "EILSEQ" },
    random: 16,
    clock: true,
  });
});

test("an exception that nobody catches ends the program with 70, its message and its stack", async () => {
  const thrown = await runFixture("throwsAtTopLevel");
  expect(thrown.exitCode).toBe(70);
  expect(thrown.stderr).toMatch(
    /^uncaught Error: thrown at top level\n {4}at throwsAtTopLevel \(main\.js:\d+/,
  );
  const rejected = await runFixture("rejectsAtTopLevel");
  expect(rejected.exitCode).toBe(70);
  expect(rejected.stdout).toBe('"the program goes on"');
  expect(rejected.stderr).toMatch(/^uncaught Error: rejected at top level\n {4}at rejects/);
});
