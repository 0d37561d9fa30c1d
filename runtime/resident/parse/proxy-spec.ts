import { maxPreserved } from "@runv/protocol";
import { type ProxySpec, type ProxyTerminal, proxyContractVersion } from "../contract/proxy.ts";
import {
  type Fields,
  parseBoolean,
  parseFields,
  parseInteger,
  parseKind,
  parseList,
  parseOomScoreAdj,
  parsePath,
  parseString,
} from "./fields.ts";
import { checkVersion } from "./version.ts";

const maxTimeoutMs = 3_600_000;
const maxWindow = 65_535;

/** @throws RunvError that names the field. */
export function parseProxySpec(value: unknown): ProxySpec {
  const spec = parseFields(value, "spec");
  checkVersion(spec, proxyContractVersion, "runv-proxy");
  const score = spec["oomScoreAdj"];
  return {
    version: proxyContractVersion,
    container: parseString(spec["container"], "container"),
    process: parseString(spec["process"], "process"),
    vsockSocket: parsePath(spec["vsockSocket"], "vsockSocket"),
    processIoPort: parseInteger(spec["processIoPort"], "processIoPort"),
    connectTimeoutMs: parseInteger(spec["connectTimeoutMs"], "connectTimeoutMs", 0, maxTimeoutMs),
    terminal: parseTerminal(parseFields(spec["terminal"], "terminal")),
    preserved: parseInteger(spec["preserved"], "preserved", 0, maxPreserved),
    namespaces: parseNamespaces(spec["namespaces"]),
    hold: parseBoolean(spec["hold"], "hold"),
    cgroups: parseList(spec["cgroups"], "cgroups", parsePath),
    oomScoreAdj: score === null ? null : parseOomScoreAdj(score, "oomScoreAdj"),
  };
}

function parseTerminal(terminal: Fields): ProxyTerminal {
  const kind = parseKind(terminal["kind"], "terminal.kind", ["none", "console-socket", "inherited"]);
  if (kind !== "console-socket") return { kind };
  return {
    kind,
    path: parsePath(terminal["path"], "terminal.path"),
    rows: parseInteger(terminal["rows"], "terminal.rows", 0, maxWindow),
    columns: parseInteger(terminal["columns"], "terminal.columns", 0, maxWindow),
  };
}

function parseNamespaces(value: unknown): ProxySpec["namespaces"] {
  if (value === null) return null;
  const namespaces = parseFields(value, "namespaces");
  if ("join" in namespaces) return { join: parseJoin(namespaces["join"], "namespaces.join") };
  return {
    root: parsePath(namespaces["root"], "namespaces.root"),
    hostname: parseString(namespaces["hostname"], "namespaces.hostname"),
  };
}

/** A process that whoever reads the spec goes to: pid and start, which together name it for good. */
export function parseJoin(value: unknown, where: string): { pid: number; startTicks: number } {
  const join = parseFields(value, where);
  return {
    pid: parseInteger(join["pid"], `${where}.pid`, 1),
    startTicks: parseInteger(join["startTicks"], `${where}.startTicks`, 0, Number.MAX_SAFE_INTEGER),
  };
}
