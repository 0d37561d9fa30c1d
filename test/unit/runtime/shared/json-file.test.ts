import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseJson, readJsonFile } from "../../../../runtime/src/shared/json-file.ts";

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
