import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { runvVersion } from "../../../../runtime/src/shared/version.ts";

const packageFiles = [
  "package.json",
  "runtime/package.json",
  "agent/package.json",
  "agent/protocol/package.json",
];

test.each(packageFiles)("%s has the version that runv prints", (file) => {
  const text = readFileSync(path.resolve(import.meta.dirname, "../../../..", file), "utf8");
  expect(JSON.parse(text)).toMatchObject({ version: runvVersion });
});
