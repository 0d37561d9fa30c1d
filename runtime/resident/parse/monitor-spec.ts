import { type Carrier, type MonitorSpec, monitorContractVersion } from "../contract/monitor.ts";
import {
  parseBoolean,
  parseFields,
  parseInteger,
  parseKind,
  parseList,
  parseOomScoreAdj,
  parsePath,
  parseString,
} from "./fields.ts";
import { parseProcess } from "./monitor-process.ts";
import { checkVersion } from "./version.ts";

/** CIDs 0 to 2 are taken, 2^32-1 is "any": vsock(7). */
const firstGuestCid = 3;
const lastGuestCid = 0xfffffffe;
/** Of the multiplexer (agent/native/mux.h). */
const minFrameBytes = 64;
const maxFrameBytes = 32_768;
const maxWindowBytes = 4_194_304;
const maxProcesses = 32;
const maxConsoleBytes = 1 << 20;
const minConsoleBytes = 1024;
/** Highest `firstUser` to which every pid (at most 2^22) can be added. */
const maxFirstUser = 0xffffffff - (1 << 22) - 1;

/** @throws RunvError that names the field. */
export function parseMonitorSpec(value: unknown): MonitorSpec {
  const spec = parseFields(value, "spec");
  checkVersion(spec, monitorContractVersion, "runv-monitor");
  const sockets = parseFields(spec["sockets"], "sockets");
  const console = parseFields(spec["console"], "console");
  const rollback = parseFields(spec["rollback"], "rollback");
  return {
    version: monitorContractVersion,
    directory: parsePath(spec["directory"], "directory"),
    processes: parseList(spec["processes"], "processes", parseProcess, maxProcesses),
    firstUser: parseInteger(spec["firstUser"], "firstUser", 1, maxFirstUser),
    oomScoreAdj: parseOomScoreAdj(spec["oomScoreAdj"], "oomScoreAdj"),
    ownedDirectories: parseList(spec["ownedDirectories"], "ownedDirectories", parsePath),
    carrier: parseCarrier(spec["carrier"]),
    sockets: {
      vsock: parsePath(sockets["vsock"], "sockets.vsock"),
      agent: parsePath(sockets["agent"], "sockets.agent"),
    },
    controlPort: parseInteger(spec["controlPort"], "controlPort"),
    console: {
      path: parsePath(console["path"], "console.path"),
      maxBytes: parseInteger(console["maxBytes"], "console.maxBytes", minConsoleBytes, maxConsoleBytes),
      listeningMark: parseString(console["listeningMark"], "console.listeningMark"),
    },
    cgroups: parseList(spec["cgroups"], "cgroups", parsePath),
    exitRecord: parsePath(spec["exitRecord"], "exitRecord"),
    monitorRecord: parsePath(spec["monitorRecord"], "monitorRecord"),
    rollback: {
      trees: parseList(rollback["trees"], "rollback.trees", parsePath),
      cgroups: parseList(rollback["cgroups"], "rollback.cgroups", parsePath),
    },
  };
}

function parseCarrier(value: unknown): Carrier {
  const carrier = parseFields(value, "carrier");
  const kind = parseKind(carrier["kind"], "carrier.kind", ["vhost-vsock", "unix-connect", "stream"]);
  if (kind === "unix-connect") return { kind, path: parsePath(carrier["path"], "carrier.path") };
  if (kind === "stream") {
    const frameBytes = parseInteger(
      carrier["frameBytes"],
      "carrier.frameBytes",
      minFrameBytes,
      maxFrameBytes,
    );
    const windowBytes = parseInteger(
      carrier["windowBytes"],
      "carrier.windowBytes",
      frameBytes,
      maxWindowBytes,
    );
    const reliable = parseBoolean(carrier["reliable"], "carrier.reliable");
    return { kind, reliable, frameBytes, windowBytes };
  }
  const firstCid = parseInteger(carrier["firstCid"], "carrier.firstCid", firstGuestCid, lastGuestCid);
  return { kind, firstCid };
}
