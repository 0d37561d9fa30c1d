import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { eventually, leavesNothing, leftoversOf, useRunv } from "../harness/leftovers.ts";
import { distDirectory } from "../harness/paths.ts";
import { Runv } from "../harness/runv.ts";

const runv = useRunv();

/** The built program, but with another number for the version of one thing; all that it starts is as built. @returns its command */
function withVersion(constant: string): [string, ...string[]] {
  const directory = path.join(runv().directory, constant);
  mkdirSync(directory);
  for (const name of readdirSync(distDirectory))
    if (name !== "runv.cjs") symlinkSync(path.join(distDirectory, name), path.join(directory, name));
  const source = readFileSync(path.join(distDirectory, "runv.cjs"), "utf8");
  const definition = new RegExp(`(?<=\\b${constant} = )\\d+(?=;)`, "gu");
  const versions = source.match(definition);
  expect(versions, constant).toHaveLength(1);
  const program = path.join(directory, "runv.cjs");
  writeFileSync(program, source.replace(definition, String(Number(versions?.[0]) + 1)));
  return [process.execPath, program];
}

/** Every file below a container's part of the state root. */
function stateFiles(id: string): Record<string, string> {
  const directory = path.join(runv().root, id);
  return Object.fromEntries(
    readdirSync(directory).map((name) => [name, readFileSync(path.join(directory, name), "utf8")]),
  );
}

test("a container of an older runv is left alone, and each verb says why", async () => {
  const id = await runv().running();
  const before = stateFiles(id);
  const newer = new Runv({ command: withVersion("recordVersion") });
  const verbs = [
    ["state"],
    ["start"],
    ["kill", id, "KILL"],
    ["delete"],
    ["delete", "--force"],
    ["ps"],
    ["exec", id, "true"],
    ["create", "--bundle", runv().bundle({ args: ["true"] })],
  ];
  for (const verb of verbs) {
    const args = verb.includes(id) ? verb : [...verb, id];
    const outcome = await newer.run(["--root", runv().root, ...args]);
    const said = [outcome.status === 0, outcome.stderr];
    const sentence = new RegExp(
      `state of ${id}: written by an older runv \\(version \\d+, this runv reads \\d+\\)`,
      "u",
    );
    if (verb[0] === "create") expect(said).toEqual([false, expect.stringContaining("already exists")]);
    else expect(said, verb.join(" ")).toEqual([false, expect.stringMatching(sentence)]);
  }
  await newer.dispose();
  expect(stateFiles(id)).toEqual(before);
  expect(await runv().ok(["exec", id, "echo", "alive"])).toBe("alive\n");
  await runv().ok(["delete", "--force", id]);
});

test.each([
  ["protocolVersion", /the agent speaks protocol version \d+, the host \d+: use a guest of the same version/],
  ["monitorContractVersion", /runv-monitor is older than runv/],
  ["proxyContractVersion", /runv-proxy is older than runv/],
  ["packerContractVersion", /runv-pack(er)? is older than runv/],
])("create with another %s says so and leaves nothing", async (constant, sentence) => {
  const other = new Runv({ command: withVersion(constant) });
  const id = other.newId();
  const bundle = other.bundle({ args: ["true"] });
  const outcome = await other.detached(["create", "--bundle", bundle, id], id);
  expect([outcome.status, outcome.stderr]).toEqual([1, expect.stringMatching(sentence)]);
  await eventually(() => leftoversOf(other, id), []);
  await other.dispose();
});

leavesNothing(runv);
