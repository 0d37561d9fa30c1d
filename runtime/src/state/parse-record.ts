import { basename, dirname } from "node:path";
import { RunvError } from "@runv/protocol/errors";
import type { Hook } from "../oci/hooks-spec.ts";
import { vmDirectoryParent } from "../shared/defaults.ts";
import type { HostNeed } from "../shared/host-need.ts";
import { JsonCursor } from "../shared/json-cursor.ts";
import type { MachineRecord } from "../shared/machine-record.ts";
import type { ProcessIdentity } from "../shared/process-identity.ts";
import { type ContainerRecord, type ExecRecord, recordVersion } from "./container-record.ts";

/** @throws RunvError version-mismatch for the record of another runv, invalid-argument for a damaged one. */
export function parseRecord(document: unknown, id: string): ContainerRecord {
  const record = new JsonCursor(document, `state of ${id}`);
  checkVersion(record, id);
  const found = record.member("id").string();
  if (found !== id) record.member("id").fail(`belongs to another container: ${JSON.stringify(found)}`);
  return {
    id,
    ociVersion: record.member("ociVersion").string(),
    bundle: record.member("bundle").string(),
    rootfs: record.member("rootfs").string(),
    created: record.member("created").string(),
    owner: record.member("owner").string(),
    annotations: record.member("annotations").stringMap(),
    hooks: {
      startContainer: record.member("hooks").member("startContainer").array(parseHook),
      poststart: record.member("hooks").member("poststart").array(parseHook),
      poststop: record.member("hooks").member("poststop").array(parseHook),
    },
    creator: record.member("creator").optional(parseIdentity, null),
    started: record.member("started").boolean(),
    starter: record.member("starter").optional(parseIdentity, null),
    paused: record.member("paused").optional((paused) => paused.boolean(), false),
    freezer: record.member("freezer").optional(parseIdentity, null),
    init: record.member("init").optional(parseIdentity, null),
    execs: record.member("execs").array(parseExec),
    vmDirectory: parseVmDirectory(record.member("vmDirectory")),
    vm: record.member("vm").raw() ?? null,
    cgroups: record.member("cgroups").strings(),
    // Those who wrote none knew one version.
    cgroupVersion: record.member("cgroupVersion").optional((version) => version.oneOf(["v1", "v2"]), "v2"),
    hostNeed: record.member("hostNeed").optional(parseHostNeed, null),
    machine: record.member("machine").optional(parseMachine, null),
    systemdCgroup: record.member("systemdCgroup").boolean(),
  };
}

function checkVersion(record: JsonCursor, id: string): void {
  const version = record.member("version").integer(0, Number.MAX_SAFE_INTEGER);
  if (version === recordVersion) return;
  throw new RunvError(
    "version-mismatch",
    `state of ${id}: written by ${version > recordVersion ? "a newer" : "an older"} runv (version ${version}, this runv reads ${recordVersion}): use that runv, or delete the container with it`,
  );
}

function parseVmDirectory(directory: JsonCursor): string {
  const path = directory.string();
  return path === "" || isVmDirectory(path) ? path : directory.fail("not the directory of a virtual machine");
}

/** What a record names as a VM's directory is removed with everything in it. */
function isVmDirectory(path: string): boolean {
  return dirname(path) === vmDirectoryParent && /^[0-9a-f]{16}$/.test(basename(path));
}

function parseHook(hook: JsonCursor): Hook {
  return {
    path: hook.member("path").string(),
    args: hook.member("args").strings(),
    env: hook.member("env").optional((env) => env.strings(), null),
    timeoutMs: hook.member("timeoutMs").integer(0, Number.MAX_SAFE_INTEGER),
  };
}

function parseHostNeed(need: JsonCursor): HostNeed {
  return {
    memoryBytes: parseCount(need.member("memoryBytes")),
    bytesPerAddedMib: need.member("bytesPerAddedMib").optional(parseCount, 0),
    tasks: parseCount(need.member("tasks")),
  };
}

function parseMachine(machine: JsonCursor): MachineRecord {
  const { memory, cpu } = {
    memory: machine.member("limits").member("memory"),
    cpu: machine.member("limits").member("cpu"),
  };
  return {
    totalMib: parseCount(machine.member("totalMib")),
    vcpuCount: parseCount(machine.member("vcpuCount")),
    mostVcpus: parseCount(machine.member("mostVcpus")),
    addedMemoryMib: parseCount(machine.member("addedMemoryMib")),
    limits: {
      memory: {
        limitBytes: memory.member("limitBytes").optional(parseLimit, undefined),
        swapBytes: memory.member("swapBytes").optional(parseLimit, undefined),
      },
      cpu: {
        quotaUs: cpu.member("quotaUs").optional(parseLimit, undefined),
        periodUs: cpu.member("periodUs").optional(parseLimit, undefined),
      },
    },
  };
}

/** -1: none. */
function parseLimit(amount: JsonCursor): number {
  return amount.integer(-1, Number.MAX_SAFE_INTEGER);
}

function parseCount(count: JsonCursor): number {
  return count.integer(0, Number.MAX_SAFE_INTEGER);
}

function parseExec(exec: JsonCursor): ExecRecord {
  return { processId: exec.member("processId").string(), proxy: parseIdentity(exec.member("proxy")) };
}

function parseIdentity(identity: JsonCursor): ProcessIdentity {
  return {
    pid: identity.member("pid").integer(1, Number.MAX_SAFE_INTEGER),
    startTicks: identity.member("startTicks").integer(0, Number.MAX_SAFE_INTEGER),
  };
}
