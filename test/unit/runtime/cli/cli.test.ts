import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseSpec } from "../../../../runtime/src/oci/parse-spec.ts";
import { identifyProcess } from "../../../../runtime/src/shared/process-identity.ts";
import { reserveContainer } from "../../../../runtime/src/state/store.ts";
import { sampleRecord } from "../state/record.ts";

const repository = path.resolve(import.meta.dirname, "../../../..");
const bun = path.join(repository, "node_modules/.bin/bun");
const main = path.join(repository, "runtime/src/cli/main.ts");

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "runv-cli-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function runv(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(bun, [main, ...args], { cwd: directory, encoding: "utf8" });
  return { status, stdout, stderr };
}

const root = () => path.join(directory, "root");

function makeContainers() {
  const alive = identifyProcess(process.pid);
  const times = { created: "2026-11-20T21:06:55.123Z" };
  reserveContainer(root(), sampleRecord("running-container", { init: alive, started: true, ...times }));
  reserveContainer(root(), sampleRecord("stopped", { annotations: {}, ...times }));
  return alive?.pid;
}

test("--version has the lines that docker looks for", () => {
  expect(runv("--version").stdout).toMatch(/^runv version \d+\.\d+\.\d+\ncommit: \w+\nspec: 1\.\d+\.\d+\n$/);
});

test("features is JSON and nothing else", () => {
  const { stdout, stderr, status } = runv("features");
  expect(JSON.parse(stdout)).toMatchObject({
    ociVersionMin: "1.0.0",
    hooks: ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"],
  });
  expect([stderr, status]).toEqual(["", 0]);
});

describe("the configuration", () => {
  const bundle = () => {
    mkdirSync(path.join(directory, "b/rootfs"), { recursive: true });
    runv("spec", "--bundle", "b");
    return path.join(directory, "b");
  };

  test("is read by create, whose error names file, line and key", () => {
    writeFileSync(path.join(directory, "c.toml"), "\nvcpu = 2\n");
    const { status, stderr } = runv("--root", root(), "--config", "c.toml", "create", "-b", bundle(), "x");
    const file = path.join(directory, "c.toml");
    expect(stderr).toBe(`runv: configuration: ${file}:2: vcpu: unknown key (did you mean vcpus?)\n`);
    expect([status, existsSync(root())]).toEqual([1, false]);
  });

  test("is no matter of the verbs that make nothing", () => {
    makeContainers();
    for (const verb of [["state", "stopped"], ["list"], ["features"]])
      expect([verb, runv("--root", root(), "--config", "missing", ...verb).status]).toEqual([verb, 0]);
  });

  test("its default file is printed", () => {
    expect(runv("config", "default").stdout).toContain('\n#accel = "auto"\n');
    expect(runv("config").status).toBe(1);
  });
});

describe("state and list", () => {
  test("state prints runc's fields, annotations only when there are some", () => {
    const pid = makeContainers();
    const running = JSON.parse(runv("--root", root(), "state", "running-container").stdout) as unknown;
    expect(running).toMatchObject({
      id: "running-container",
      status: "running",
      pid,
      annotations: { a: "b" },
    });
    const stopped = JSON.parse(runv("--root", root(), "state", "stopped").stdout) as object;
    expect(stopped).toMatchObject({ status: "stopped", pid: 0 });
    expect(Object.keys(stopped)).not.toContain("annotations");
  });

  test("list: table, ids, JSON", () => {
    const pid = makeContainers();
    const created = "2026-11-20T21:06:55.123Z   ";
    expect(runv("--root", root(), "list").stdout).toBe(
      [
        "ID                  PID         STATUS      BUNDLE      CREATED                    OWNER",
        `running-container   ${String(pid).padEnd(12)}running     /b          ${created}root`,
        `stopped             0           stopped     /b          ${created}root`,
        "",
      ].join("\n"),
    );
    expect(runv("--root", root(), "list", "-q").stdout).toBe("running-container\nstopped\n");
    expect(JSON.parse(runv("--root", root(), "list", "-f", "json").stdout)).toHaveLength(2);
  });

  test("a relative root is relative to the working directory, and an empty one is no error", () => {
    makeContainers();
    expect(runv("--root", "root", "list", "--quiet").stdout).toBe("running-container\nstopped\n");
    expect(runv("--root", "other", "list", "--quiet")).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  test("a damaged container is a warning", () => {
    makeContainers();
    writeFileSync(path.join(root(), "stopped/state.json"), "{");
    const { status, stdout, stderr } = runv("--root", root(), "list", "-q");
    expect([status, stdout]).toEqual([0, "running-container\n"]);
    expect(stderr).toMatch(/^runv: warning: state of stopped: not valid JSON.*delete --force/);
  });
});

describe("failures", () => {
  test("an unknown container: the sentence in the log and on stderr, status 1", () => {
    const log = path.join(directory, "log.json");
    const { status, stdout, stderr } = runv(
      "--root",
      root(),
      "--log",
      log,
      "--log-format",
      "json",
      "state",
      "x",
    );
    expect([status, stdout, stderr]).toEqual([1, "", "container does not exist\n"]);
    const lines = readFileSync(log, "utf8").trimEnd().split("\n");
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ level: "error", msg: "container does not exist" });
  });

  test.each([
    [["state"], "missing required argument 'container-id'"],
    [["bogus"], "unknown command 'bogus'"],
    [["state", "--bogus", "x"], "unknown option '--bogus'"],
    [["list", "--format", "xml"], "Allowed choices are table, json"],
    [["state", "../x"], "invalid container ID format"],
  ])("%j", (args, sentence) => {
    const { status, stdout, stderr } = runv("--root", root(), ...args);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(sentence);
  });

  test("a reader that went away is no crash", () => {
    const script = 'set -o pipefail; "$0" "$1" features | true; echo "${PIPESTATUS[0]}"';
    expect(execFileSync("bash", ["-c", script, bun, main], { encoding: "utf8" })).toBe("0\n");
  });
});

test("spec writes a config.json that runv accepts, and never over another", () => {
  mkdirSync(path.join(directory, "bundle"));
  expect(runv("spec", "--bundle", "bundle")).toEqual({ status: 0, stdout: "", stderr: "" });
  const text = readFileSync(path.join(directory, "bundle/config.json"), "utf8");
  const spec = parseSpec(JSON.parse(text), (sentence) => {
    throw new Error(sentence);
  });
  expect(spec.process).toMatchObject({ args: ["sh"], terminal: true });
  const again = runv("spec", "--bundle", "bundle");
  expect([again.status, again.stderr]).toEqual([1, "runv: File config.json exists. Remove it first\n"]);
  expect(readFileSync(path.join(directory, "bundle/config.json"), "utf8")).toBe(text);
});
