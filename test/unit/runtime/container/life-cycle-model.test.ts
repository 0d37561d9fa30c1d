import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import path from "node:path";
import { errorMessage } from "@runv/protocol/errors";
import { afterAll, expect, test, vi } from "vitest";
import { loadSettings } from "../../../../runtime/src/config/load.ts";
import { containerProcess } from "../../../../runtime/src/container/container-process.ts";
import type { Context } from "../../../../runtime/src/container/context.ts";
import { createContainer } from "../../../../runtime/src/container/create.ts";
import { deleteContainer } from "../../../../runtime/src/container/delete.ts";
import { execProcess } from "../../../../runtime/src/container/exec.ts";
import { killContainer } from "../../../../runtime/src/container/kill.ts";
import { listContainers } from "../../../../runtime/src/container/list.ts";
import { pauseContainer, resumeContainer } from "../../../../runtime/src/container/pause.ts";
import { startContainer } from "../../../../runtime/src/container/start.ts";
import { containerState } from "../../../../runtime/src/container/state.ts";
import { Logger } from "../../../../runtime/src/shared/log.ts";
import { vmDirectory } from "../../../../runtime/src/state/vm-directory.ts";
import { Random } from "../../../fixtures/grpc/random.ts";
import { cgroupDirectories } from "../../../harness/leftovers.ts";
import {
  type Action,
  everyCase,
  type Status,
  type Subject,
  walkLifeCycles,
} from "../../../harness/life-cycle-model.ts";
import { distDirectory } from "../../../harness/paths.ts";
import { caseCount } from "../../../harness/sample.ts";
import { minimalSpec } from "../oci/minimal-spec.ts";

const machines = await vi.hoisted(async () => {
  const { FakeMachines } = await import("../../../harness/fake-machines.ts");
  return new FakeMachines();
});
vi.mock("../../../../runtime/src/hypervisor/registry.ts", () => ({
  hypervisors: { qemu: machines.hypervisor },
  attachVm: (saved: unknown) => machines.hypervisor.attach(saved),
}));
vi.mock("../../../../runtime/src/agent-client/agent.ts", () => ({ connectAgent: machines.connectAgent }));
vi.mock("../../../../runtime/src/container/proxy.ts", () => ({
  startProxy: machines.startProxy,
  proceedProxy: async () => Promise.resolve(),
}));

/** RUNV_FUZZ_SEED repeats a run. */
const seed = Number(process.env["RUNV_FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const deadlineMs = 60 * 60_000;
/** A case that a thousand steps leave out one time in twenty is not left out by these. */
const maxRounds = 5;

const directory = mkdtempSync(path.join(tmpdir(), "runv-model-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const bundle = path.join(directory, "bundle");
/** Looked at, and booted by nobody. */
const guest = path.join(distDirectory, "guest");
const root = path.join(directory, "root");
const context: Context = {
  root,
  log: new Logger({
    file: path.join(directory, "log"),
    format: "json",
    debug: false,
    stderr: () => undefined,
  }),
  signal: new AbortController().signal,
};

const verbs: Readonly<Record<Action, (id: string) => Promise<unknown>>> = {
  create: async (id) => {
    const env = { RUNV_ROOTFS: "9p", RUNV_GUEST_DIR: guest, RUNV_CONFIG: "/dev/null" };
    const settings = await loadSettings({ file: null, env });
    const terminal = { consoleSocket: null, foreground: false, stdinIsTerminal: false };
    const preserved = { listening: 0, asked: 0 };
    await createContainer(
      { id, bundle, pidFile: null, systemdCgroup: false, preserved, settings, ...terminal },
      context,
    );
  },
  start: async (id) => startContainer(id, context),
  "kill KILL": async (id) => killContainer({ id, signal: constants.signals.SIGKILL, all: false }, context),
  "kill TERM": async (id) => killContainer({ id, signal: constants.signals.SIGTERM, all: false }, context),
  "kill USR1": async (id) => killContainer({ id, signal: constants.signals.SIGUSR1, all: false }, context),
  "kill --all KILL": async (id) =>
    killContainer({ id, signal: constants.signals.SIGKILL, all: true }, context),
  delete: async (id) => deleteContainer({ id, force: false }, context),
  "delete --force": async (id) => deleteContainer({ id, force: true }, context),
  exec: async (id) => {
    const process = containerProcess(id, context);
    const terminal = { consoleSocket: null, foreground: false, stdinIsTerminal: false };
    await execProcess(
      { id, process, pidFile: null, ignorePaused: false, subCgroups: [], preserved: 0, ...terminal },
      context,
    );
  },
  pause: async (id) => pauseContainer(id, context),
  resume: async (id) => resumeContainer(id, context),
  exit: async (id) => machines.exit(vmDirectory(root, id)),
};

const subject: Subject = {
  act: async (action, id) => verbs[action](id).then(() => null, errorMessage),
  status: async (id): Promise<Status> => {
    try {
      const { status } = await containerState(id, context);
      return status === "creating" ? null : status;
    } catch {
      return null;
    }
  },
  list: async () => {
    const { states } = await listContainers(context);
    return Object.fromEntries(states.map(({ id, status }) => [id, status]));
  },
};

test(`random steps through the states of containers on a fake hypervisor, seed ${seed}`, {
  timeout: deadlineMs,
}, async () => {
  mkdirSync(path.join(bundle, "rootfs"), { recursive: true });
  writeFileSync(path.join(bundle, "config.json"), JSON.stringify(minimalSpec()));
  const ids = ["a", "b", "c"].map((name) => `${path.basename(directory)}-${name}`);
  const steps = caseCount({ sample: 1_000, full: 10_000 });
  const random = new Random(seed);
  const seen = new Set<string>();
  // What chance leaves out of so few steps, it brings in the next.
  for (let round = 0; round < maxRounds && seen.size < everyCase.length; round++) {
    for (const one of (await walkLifeCycles(subject, ids, { steps, random })).keys()) seen.add(one);
    for (const id of ids) await deleteContainer({ id, force: true }, context);
  }
  // Every status, with every action that there is for it.
  expect([...seen].sort()).toEqual(everyCase);
  expect(machines.left).toEqual([]);
  expect(readdirSync(root)).toEqual([]);
  expect(ids.flatMap(cgroupDirectories)).toEqual([]);
});
