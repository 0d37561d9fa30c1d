import { type PackerDestination, type PackerSpec, packerContractVersion } from "../contract/packer.ts";
import {
  type Fields,
  parseBoolean,
  parseFields,
  parseInteger,
  parseKind,
  parsePath,
  parseString,
} from "./fields.ts";
import { checkVersion } from "./version.ts";

const maxTimeoutMs = 3_600_000;

/** @throws RunvError that names the field. */
export function parsePackerSpec(value: unknown): PackerSpec {
  const spec = parseFields(value, "spec");
  checkVersion(spec, packerContractVersion, "runv-pack");
  return {
    version: packerContractVersion,
    directory: parsePath(spec["directory"], "directory"),
    oneFileSystem: parseBoolean(spec["oneFileSystem"], "oneFileSystem"),
    destination: parseDestination(parseFields(spec["destination"], "destination")),
  };
}

function parseDestination(destination: Fields): PackerDestination {
  const kind = parseKind(destination["kind"], "destination.kind", ["stdout", "guest"]);
  if (kind === "stdout") return { kind };
  return {
    kind,
    vsockSocket: parsePath(destination["vsockSocket"], "destination.vsockSocket"),
    port: parseInteger(destination["port"], "destination.port"),
    header: parseString(destination["header"], "destination.header"),
    connectTimeoutMs: parseInteger(
      destination["connectTimeoutMs"],
      "destination.connectTimeoutMs",
      0,
      maxTimeoutMs,
    ),
  };
}
