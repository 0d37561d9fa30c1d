import { mkdtempSync, rmSync } from "node:fs";
import {
  type ConfinedProcess,
  type ConfinedRoot,
  type MonitorSpec,
  monitorContractVersion,
} from "../../../../runtime/resident/contract/monitor.ts";
import { vmVariable } from "./proc.ts";

const directories: string[] = [];

/** A VM's directory, of the kind and length that verbs make. */
export function makeVmDirectory(): string {
  const directory = mkdtempSync("/run/runv-test-");
  directories.push(directory);
  return directory;
}

export function removeVmDirectories(): void {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
}

/** The distribution's programs, read-only: a shell stands in for a VMM. */
const shellRoot: ConfinedRoot = {
  binds: ["/usr/bin", "/usr/lib", "/usr/lib64"].map((path) => ({
    source: path,
    target: path,
    readonly: true,
    optional: path === "/usr/lib64",
  })),
  devices: [{ path: "/dev/null", major: 1, minor: 3 }],
  links: [
    { path: "/lib", target: "usr/lib" },
    { path: "/lib64", target: "usr/lib64" },
    { path: "/bin", target: "usr/bin" },
  ],
  directories: ["/tmp"],
  shares: [],
  proc: false,
};

const readyTimeoutMs = 10_000;

/** A process that runs a shell script. */
export function shell(
  directory: string,
  name: string,
  script: string,
  more: Partial<ConfinedProcess> = {},
): ConfinedProcess {
  return {
    name,
    argv: ["/usr/bin/bash", "-c", script],
    // The second tells whose process it is: processesOf.
    env: ["PATH=/usr/bin", `${vmVariable}=${directory}`],
    privileges: { root: false, capabilities: [] },
    root: shellRoot,
    descriptors: {},
    readyFiles: [],
    readyTimeoutMs,
    maxFileBytes: 1_048_576,
    log: `${directory}/${name}.log`,
    failureMarks: [],
    ...more,
  };
}

export const consoleMaxBytes = 65_536;

export function monitorSpec(
  directory: string,
  processes: readonly ConfinedProcess[],
  more: Partial<MonitorSpec> = {},
): MonitorSpec {
  return {
    version: monitorContractVersion,
    directory,
    processes,
    firstUser: 1_879_048_192,
    oomScoreAdj: 0,
    ownedDirectories: [],
    carrier: { kind: "unix-connect", path: `${directory}/carrier.sock` },
    sockets: { vsock: `${directory}/vsock.sock`, agent: `${directory}/agent.sock` },
    controlPort: 1024,
    console: { path: `${directory}/console`, maxBytes: consoleMaxBytes, listeningMark: "" },
    cgroups: [],
    exitRecord: `${directory}/exit.json`,
    monitorRecord: `${directory}/monitor.json`,
    rollback: { trees: [], cgroups: [] },
    ...more,
  };
}
