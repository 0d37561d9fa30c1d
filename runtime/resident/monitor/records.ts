import { type MonitorExit, type MonitorRecord, monitorContractVersion } from "../contract/monitor.ts";
import { open } from "../linux/constants.ts";
import { startTicksOf } from "../linux/process-start.ts";
import * as sys from "../sys.ts";

const recordMode = 0o600;

/** So that the VM is found and ended when the container's own record is damaged. */
export function writeMonitorRecord(path: string, cgroups: readonly string[]): void {
  const pid = sys.getpid();
  const record: MonitorRecord = {
    version: monitorContractVersion,
    monitor: { name: "runv-monitor", pid, startTicks: startTicksOf(pid) },
    cgroups,
  };
  writeRecord(path, record);
}

export function writeExitRecord(path: string, exit: MonitorExit): void {
  writeRecord(path, exit);
}

/** Leaves the record whole or not at all. */
function writeRecord(path: string, record: MonitorRecord | MonitorExit): void {
  const unfinished = `${path}.new`;
  const flags = open.create | open.truncate | open.nofollow;
  sys.writeFile(unfinished, `${JSON.stringify(record)}\n`, flags, recordMode);
  sys.rename(unfinished, path);
}

/** Removes a VM's directory; when something of `kept` is in it, everything but that. */
export function removeDirectory(directory: string, kept: readonly string[]): void {
  for (const name of sys.readdir(directory)) {
    const path = `${directory}/${name}`;
    if (!kept.includes(path)) sys.removeTree(path);
  }
  if (!kept.some((path) => path.startsWith(`${directory}/`))) sys.rmdir(directory);
}
