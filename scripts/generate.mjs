// `npm run generate`: the protocol's code from agent.proto, the README's table of settings from their schema.
// With --check: fails if what is committed differs.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { checkProtocol, writeProtocol } from "./lib/generated-protocol.mjs";
import { repositoryRoot } from "./lib/paths.mjs";
import { settingsTable } from "./lib/settings-table.mjs";

const readme = path.join(repositoryRoot, "README.md");
const marks = /(?<=<!-- settings: npm run generate -->\n)[^]*?(?=<!-- end of settings -->)/;

const committed = readFileSync(readme, "utf8");
if (!marks.test(committed)) throw new Error("README.md: the marks around the table of settings are gone");
const table = await settingsTable();
const generated = committed.replace(marks, () => table);
if (process.argv.includes("--check")) {
  const same = [checkProtocol(), generated === committed];
  if (!same[1])
    console.error("README.md: the table of settings is not what runtime/src/config/schema.ts gives");
  if (same.includes(false)) {
    console.error("generated text is not what its source gives: run npm run generate and commit the result");
    process.exitCode = 1;
  }
} else {
  writeFileSync(readme, generated);
  if (!writeProtocol()) process.exitCode = 1;
}
