import { mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { repositoryRoot } from "./paths.mjs";

const schemaFile = path.join(repositoryRoot, "runtime/src/config/schema.ts");

/** The README's table of settings, of the schema that runv itself goes by. */
export async function settingsTable() {
  const { schema } = await loadSchema();
  const rows = Object.entries(schema).map(([key, setting]) => [
    `\`${key}\``,
    `\`${setting.env}\``,
    setting.annotation === undefined ? "" : "yes",
    setting.unset?.meaning ?? `\`${setting.type.toToml(setting.default)}\``,
    meaning(setting),
  ]);
  const table = [
    ["key", "environment", "annotation", "default", "what it sets"],
    Array(5).fill("---"),
    ...rows,
  ];
  return table.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

function meaning({ help, choices }) {
  if (choices === undefined) return help;
  const named = Object.entries(choices).map(([name, words]) => `\`${name}\` (${words})`);
  return `${help}: ${named.join(", ")}`;
}

/** Node of this project's age reads no TypeScript. */
async function loadSchema() {
  const directory = mkdtempSync(path.join(repositoryRoot, "node_modules/.runv-schema-"));
  const outfile = path.join(directory, "schema.mjs");
  try {
    await build({
      entryPoints: [schemaFile],
      outfile,
      bundle: true,
      platform: "node",
      format: "esm",
      logLevel: "warning",
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
