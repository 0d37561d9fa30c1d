import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseJson, readJsonFile, readJsonStream } from "../../../../runtime/src/shared/json-file.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "runv-json-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

test("a file is read up to its bound", () => {
  const file = path.join(directory, "x.json");
  writeFileSync(file, JSON.stringify({ text: "é".repeat(100_000) }));
  expect(readJsonFile(file, "x.json", 1_000_000)).toEqual({ text: "é".repeat(100_000) });
  expect(() => readJsonFile(file, "x.json", 200_000)).toThrow("x.json: larger than 200000 bytes");
});

test("a missing file", () => {
  expect(() => readJsonFile(path.join(directory, "no"), "x.json", 10)).toThrow(
    expect.objectContaining({ code: "not-found" }) as Error,
  );
});

test.each([
  ["", "not valid JSON"],
  ["{", "not valid JSON"],
  ["[".repeat(65) + "]".repeat(65), "nested deeper than 64 levels"],
  ["[".repeat(1_000_000), "nested deeper than 64 levels"],
])("%.20s", (text, why) => {
  expect(() => parseJson(text, "x.json")).toThrow(why);
});

test("brackets in strings do not count", () => {
  const text = JSON.stringify(["[".repeat(100), '\\"['.repeat(100)]);
  expect(parseJson(text, "x.json")).toEqual(JSON.parse(text));
});

/** A FIFO that nobody has open. */
function fifo(): string {
  const file = path.join(directory, "fifo");
  execFileSync("mkfifo", [file]);
  return file;
}

test.each([
  ["a FIFO without a writer", fifo],
  ["a directory", () => directory],
  ["a device without an end", () => "/dev/zero"],
])("%s is no file", (_name, make) => {
  const file = make();
  expect(() => readJsonFile(file, "x.json", 1000)).toThrow(`x.json: not a regular file: ${file}`);
});

test("a stream may be a FIFO whose writer comes later and takes its time", async () => {
  const file = fifo();
  const script = 'sleep 0.2; { printf "{\\"a\\""; sleep 0.2; printf ":1}"; } > "$0"';
  const writer = spawn("sh", ["-c", script, file], { stdio: "ignore" });
  expect(await readJsonStream(file, "x.json", 1000)).toEqual({ a: 1 });
  writer.kill();
});

test("a stream is bounded, and may be a file", async () => {
  await expect(readJsonStream("/dev/zero", "x.json", 100_000)).rejects.toThrow("larger than 100000 bytes");
  const file = path.join(directory, "x.json");
  writeFileSync(file, "[1]");
  expect(await readJsonStream(file, "x.json", 1000)).toEqual([1]);
  writeFileSync(file, "");
  await expect(readJsonStream(file, "x.json", 1000)).rejects.toThrow("not valid JSON");
});

test("whole numbers that a number cannot hold are bigints, up to 64 bits", () => {
  const text = `{"a": [9007199254740991, 9007199254740992, 18446744073709551615, -9223372036854775808],
    "b": [1e300, 0.5, 1e20, 100000000000000000000000], "c": "18446744073709551615", "a2": 1, "a2": 2}`;
  expect(parseJson(text, "x")).toEqual({
    a: [9007199254740991, 9007199254740992n, 18446744073709551615n, -(2n ** 63n)],
    b: [1e300, 0.5, 1e20, 1e23],
    c: "18446744073709551615",
    a2: 2,
  });
  expect(() => parseJson('{"a": 18446744073709551615,}', "x")).toThrow(/^x: not valid JSON: /);
});
