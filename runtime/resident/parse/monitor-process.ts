import { RunvError } from "@runv/protocol";
import type { ConfinedProcess, ConfinedRoot, Descriptor, Privileges, Share } from "../contract/monitor.ts";
import {
  parseBoolean,
  parseFields,
  parseInteger,
  parseKind,
  parseList,
  parsePath,
  parseString,
} from "./fields.ts";

const maxTimeoutMs = 600_000;
/** 3 is the verb's; contract/monitor.ts. */
const firstInheritedDescriptor = 4;
const maxDescriptor = 65_535;
const maxMajor = 4095;
const maxMinor = 1_048_575;
const maxCapability = 63;
const namePattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/;

export function parseProcess(value: unknown, where: string): ConfinedProcess {
  const process = parseFields(value, where);
  const argv = parseList(process["argv"], `${where}.argv`, parseString);
  parsePath(argv[0], `${where}.argv[0]`);
  return {
    name: parseName(process["name"], `${where}.name`),
    argv,
    env: parseList(process["env"], `${where}.env`, parseString),
    privileges: parsePrivileges(process["privileges"], `${where}.privileges`),
    root: parseRoot(process["root"], `${where}.root`),
    descriptors: parseDescriptors(process["descriptors"], `${where}.descriptors`),
    readyFiles: parseList(process["readyFiles"], `${where}.readyFiles`, parsePath),
    readyTimeoutMs: parseInteger(process["readyTimeoutMs"], `${where}.readyTimeoutMs`, 0, maxTimeoutMs),
    maxFileBytes: parseInteger(process["maxFileBytes"], `${where}.maxFileBytes`, 0, Number.MAX_SAFE_INTEGER),
    log: parsePath(process["log"], `${where}.log`),
    failureMarks: parseList(process["failureMarks"], `${where}.failureMarks`, parseString),
  };
}

function parseName(value: unknown, where: string): string {
  const name = parseString(value, where);
  if (!namePattern.test(name)) throw new RunvError("internal", `spec: ${where}: not a name: ${name}`);
  return name;
}

function parseRoot(value: unknown, where: string): ConfinedRoot {
  const root = parseFields(value, where);
  return {
    binds: parseList(root["binds"], `${where}.binds`, parseBind),
    devices: parseList(root["devices"], `${where}.devices`, parseDevice),
    links: parseList(root["links"], `${where}.links`, parseLink),
    directories: parseList(root["directories"], `${where}.directories`, parsePath),
    shares: parseList(root["shares"], `${where}.shares`, parseShare),
    proc: parseBoolean(root["proc"], `${where}.proc`),
  };
}

function parsePrivileges(value: unknown, where: string): Privileges {
  const privileges = parseFields(value, where);
  return {
    root: parseBoolean(privileges["root"], `${where}.root`),
    capabilities: parseList(privileges["capabilities"], `${where}.capabilities`, (item, at) =>
      parseInteger(item, at, 0, maxCapability),
    ),
  };
}

function parseShare(value: unknown, where: string): Share {
  const share = parseFields(value, where);
  return {
    source: parsePath(share["source"], `${where}.source`),
    target: parsePath(share["target"], `${where}.target`),
    access: parseKind(share["access"], `${where}.access`, ["writable", "readonly", "readonly-recursive"]),
    recursive: parseBoolean(share["recursive"], `${where}.recursive`),
    propagation: parseKind(share["propagation"], `${where}.propagation`, ["private", "slave"]),
  };
}

function parseBind(value: unknown, where: string): ConfinedRoot["binds"][number] {
  const bind = parseFields(value, where);
  return {
    source: parsePath(bind["source"], `${where}.source`),
    target: parsePath(bind["target"], `${where}.target`),
    readonly: parseBoolean(bind["readonly"], `${where}.readonly`),
    optional: parseBoolean(bind["optional"], `${where}.optional`),
  };
}

function parseDevice(value: unknown, where: string): ConfinedRoot["devices"][number] {
  const device = parseFields(value, where);
  return {
    path: parsePath(device["path"], `${where}.path`),
    major: parseInteger(device["major"], `${where}.major`, 0, maxMajor),
    minor: parseInteger(device["minor"], `${where}.minor`, 0, maxMinor),
  };
}

function parseLink(value: unknown, where: string): ConfinedRoot["links"][number] {
  const link = parseFields(value, where);
  return {
    path: parsePath(link["path"], `${where}.path`),
    target: parseString(link["target"], `${where}.target`),
  };
}

function parseDescriptors(value: unknown, where: string): Record<string, Descriptor> {
  const entries = Object.entries(parseFields(value, where));
  return Object.fromEntries(
    entries.map(([name, descriptor]) => [
      parseName(name, `${where} name`),
      parseDescriptor(descriptor, `${where}.${name}`),
    ]),
  );
}

const descriptorKinds = [
  "inherited",
  "unix-connect",
  "unix-listen",
  "vhost-vsock",
  "console",
  "carrier",
  "open",
] as const;

function parseDescriptor(value: unknown, where: string): Descriptor {
  const fields = parseFields(value, where);
  const kind = parseKind(fields["kind"], `${where}.kind`, descriptorKinds);
  const path = (): string => parsePath(fields["path"], `${where}.path`);
  switch (kind) {
    case "inherited":
      return {
        kind,
        number: parseInteger(fields["number"], `${where}.number`, firstInheritedDescriptor, maxDescriptor),
      };
    case "unix-connect":
      return {
        kind,
        path: path(),
        timeoutMs: parseInteger(fields["timeoutMs"], `${where}.timeoutMs`, 0, maxTimeoutMs),
      };
    case "unix-listen":
      return { kind, path: path() };
    case "open":
      return { kind, path: path(), write: parseBoolean(fields["write"], `${where}.write`) };
    case "vhost-vsock":
    case "console":
    case "carrier":
      return { kind };
  }
}
