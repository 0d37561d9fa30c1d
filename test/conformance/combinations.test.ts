import { type ChildProcess, execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { cpSync, existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, type RunnerTask, test } from "vitest";
import { busyboxRootfs } from "../harness/bundle.ts";
import {
  type Combination,
  choicesIn,
  combinations,
  coveringFirst,
  hindrance,
  table,
} from "../harness/combinations.ts";
import { leavesNothing, useRunv } from "../harness/leftovers.ts";
import { exitStatus, type Runv } from "../harness/runv.ts";
import { caseCount } from "../harness/sample.ts";
import { bundledVirtiofsd } from "../harness/virtiofsd.ts";

const accel = process.env["RUNV_ACCEL"] ?? "tcg";
const virtiofsdInC = "/usr/lib/qemu/virtiofsd";
const content = "what the host has put there";
const chosenStatus = 7;
const transferBytes = 1 << 20;
/** A serial port costs an exit of the virtual machine a byte. */
const serialTransferBytes = 10_000;

const possible = combinations.filter((one) => hindrance(one) === null);
const chosen = coveringFirst(possible).slice(0, caseCount({ sample: 4, full: Number.POSITIVE_INFINITY }));
const results = new Map<Combination, string>(
  combinations.map((one) => [one, hindrance(one) ?? "not in the sample: npm run test:full has it"]),
);
afterAll(() => console.log(`\n${table(results, accel)}\n`));

describe.each(chosen)("$carrier on $machine with $rootfs", (combination) => conforms(combination));

test("every machine, carrier and driver that is possible here is tried", () => {
  expect(choicesIn(chosen)).toEqual(choicesIn(possible));
});

const hindrances = [...new Set(combinations.map(hindrance))].filter((reason) => reason !== null);
test.for(hindrances)("%s", (reason, context) => {
  const count = combinations.filter((one) => hindrance(one) === reason).length;
  context.skip(`${reason}: ${count} combinations`);
});

/** What root.path becomes. */
function rootOf(runv: Runv, driver: string): string {
  const rootfs = path.join(runv.directory, "rootfs");
  cpSync(busyboxRootfs(), rootfs, { recursive: true, verbatimSymlinks: true });
  writeFileSync(path.join(rootfs, "content"), content);
  if (driver !== "block") return rootfs;
  execFileSync("mke2fs", ["-q", "-t", "ext4", "-d", rootfs, `${rootfs}.ext4`, "64m"]);
  return `${rootfs}.ext4`;
}

/** One boot, whose init ends with the status that it reads. */
function conforms(combination: Combination): void {
  const { machine, carrier, rootfs } = combination;
  const runv = useRunv({
    env: {
      RUNV_ACCEL: accel,
      RUNV_MACHINE: machine,
      RUNV_CARRIER: carrier,
      // An image as root.path is by itself a disk of the guest.
      ...(rootfs === "block" ? {} : { RUNV_ROOTFS: rootfs }),
      ...(rootfs === "virtiofs"
        ? { RUNV_VIRTIOFSD: existsSync(virtiofsdInC) ? virtiofsdInC : bundledVirtiofsd() }
        : {}),
    },
  });
  let id = "";
  let container: ChildProcess;
  let output = "";
  let booted: Promise<string>;
  const sh = async (script: string) => runv().run(["exec", id, "sh", "-c", script]);

  beforeAll(() => {
    id = runv().newId();
    const bundle = runv().bundle({
      args: ["sh", "-c", "echo up; read status; exit $status"],
      rootfs: rootOf(runv(), rootfs),
    });
    container = runv().start(["run", "--bundle", bundle, id], ["pipe", "pipe", "inherit"]);
    if (container.stdout === null) throw new Error("no pipe");
    container.stdout.setEncoding("utf8").on("data", (piece: string) => (output += piece));
    booted = Promise.race([
      once(container.stdout, "data").then(() => "up"),
      exitStatus(container).then((status) => `run ended with status ${status}`),
    ]);
  });
  const tests = new Set<RunnerTask>();
  afterEach(({ task }) => void tests.add(task));
  afterAll(() => {
    const failed = [...tests].filter(({ result }) => result?.state === "fail").map(({ name }) => name);
    results.set(combination, failed.length > 0 ? `failed: ${failed.join(", ")}` : `${tests.size} passed`);
  });

  test("boots", async () => {
    expect(await booted).toBe("up");
    expect(await runv().status(id)).toBe("running");
  });

  test("has the host's root file system", async () => {
    expect(await sh("cat /content; stat -c ' %u:%g %a' /content")).toMatchObject({
      status: 0,
      stdout: `${content} 0:0 644\n`,
    });
  });

  test("takes writes", async () => {
    await sh("mkdir /made && echo one >/made/file && mv /made/file /made/moved && echo two >>/made/moved");
    expect(await sh("cat /made/moved && rm -r /made && test ! -e /made && echo gone")).toMatchObject({
      status: 0,
      stdout: "one\ntwo\ngone\n",
    });
  });

  test("tells an exec's status, output and errors", async () => {
    expect(await sh("echo out; echo err >&2; exit 5")).toEqual({
      status: 5,
      stdout: "out\n",
      stderr: "err\n",
    });
  });

  test("carries stdin and stdout as they are", async () => {
    const bytes = randomBytes(carrier === "isa-serial" ? serialTransferBytes : transferBytes);
    const child = runv().start(["exec", id, "cat"], ["pipe", "pipe", "inherit"]);
    if (child.stdin === null || child.stdout === null) throw new Error("no pipes");
    child.stdin.end(bytes);
    const hash = createHash("sha256");
    for await (const piece of child.stdout) hash.update(piece as Buffer);
    expect(await exitStatus(child)).toBe(0);
    expect(hash.digest("hex")).toBe(createHash("sha256").update(bytes).digest("hex"));
  });

  test("ends with init's status", async () => {
    container.stdin?.end(`${chosenStatus}\n`);
    expect(await exitStatus(container)).toBe(chosenStatus);
    expect(output).toBe("up\n");
  });

  leavesNothing(runv);
}
