import { RunvError } from "@runv/protocol";
import type { ConfinedProcess, MonitorSpec } from "../contract/monitor.ts";
import { errnoName, step } from "../linux/system-error.ts";
import { interval, remainingMs } from "../linux/wait.ts";
import * as sys from "../sys.ts";
import { fillArgv } from "./argv.ts";
import { Child } from "./child.ts";
import { startConfined } from "./confine.ts";
import { OpenDescriptors } from "./descriptors.ts";
import { FailureMarks } from "./failure-marks.ts";
import { TailFile } from "./tail-file.ts";

const readyFilePollIntervalMs = 2;
const maxLogBytes = 65_536;
const ownedDirectoryMode = 0o700;
const rootMountPointMode = 0o700;

/** What a launch needs of the VM it happens in. */
export interface LaunchContext {
  readonly cid: number;
  /** What the VMM gets of the carrier. */
  readonly vmmFd: number | null;
  /** Frequency of the host's time stamp counter; 0 when it cannot be told. */
  tscKhz(): number;
  /** uid and gid of all processes. */
  readonly user: number;
  /** Sees what the guest writes to its console. */
  onConsole(bytes: Uint8Array): void;
  /** Told of a process that goes on after it has failed. @param line of its log that tells so */
  onFailure(name: string, line: string): void;
  /** Takes every process the moment it exists. */
  adopt(child: Child): void;
  /** @throws when the VM is ending already: nothing may be started any more. */
  checkWanted(): void;
}

/** Starts helpers and VMM, in order, each when the one before is ready. */
export async function launchProcesses(spec: MonitorSpec, context: LaunchContext): Promise<void> {
  for (const directory of spec.ownedDirectories) {
    step(`give away ${directory}`, () => {
      sys.chown(directory, context.user, context.user);
      sys.chmod(directory, ownedDirectoryMode);
    });
  }
  for (const [index, process] of spec.processes.entries()) {
    const child = await startProcess(spec, process, {
      ...context,
      isVmm: index === spec.processes.length - 1,
    });
    await child.started();
    await waitReadyFiles(process);
  }
}

async function startProcess(
  spec: MonitorSpec,
  process: ConfinedProcess,
  context: LaunchContext & { readonly isVmm: boolean },
): Promise<Child> {
  const descriptors = await OpenDescriptors.open(process, {
    vmmFd: context.vmmFd,
    openConsole: () => openConsole(spec.console, context),
  });
  try {
    context.checkWanted();
    return step(`start ${process.name}`, () => fork(spec, process, context, descriptors.byName));
  } finally {
    descriptors.close();
  }
}

function fork(
  spec: MonitorSpec,
  process: ConfinedProcess,
  context: LaunchContext & { readonly isVmm: boolean },
  fds: ReadonlyMap<string, number>,
): Child {
  const argv = fillArgv(process.argv, { fds, cid: context.cid, tscKhz: context.tscKhz() });
  const rootDirectory = `${spec.directory}/root.${process.name}`;
  sys.mkdir(rootDirectory, rootMountPointMode);
  const [logReader, log] = sys.pipe();
  const marks = new FailureMarks(process.failureMarks, (line) => context.onFailure(process.name, line));
  const tail = new TailFile(logReader, process.log, maxLogBytes, (bytes) => marks.read(bytes));
  const [statusReader, status] = sys.pipe();
  const pid = startConfined({
    process,
    argv,
    user: context.user,
    rootDirectory,
    descriptors: fds.values(),
    log,
    status,
  });
  sys.close(log);
  sys.close(status);
  const child = new Child(process, { pid, isVmm: context.isVmm, log: tail, status: statusReader });
  context.adopt(child);
  return child;
}

function openConsole(console: MonitorSpec["console"], context: LaunchContext): number {
  const [ours, theirs] = sys.socketpair();
  new TailFile(ours, console.path, console.maxBytes, (bytes) => context.onConsole(bytes));
  // As a program would find any file that it is given to write to.
  sys.setNonblock(theirs, false);
  return theirs;
}

async function waitReadyFiles(process: ConfinedProcess): Promise<void> {
  const deadlineMs = sys.monotonicMs() + process.readyTimeoutMs;
  for (const path of process.readyFiles) {
    while (!exists(path)) {
      if (remainingMs(deadlineMs) === 0) {
        const message = `start ${process.name}: ${path} did not appear within ${process.readyTimeoutMs} ms`;
        throw new RunvError("timeout", message);
      }
      await interval(readyFilePollIntervalMs);
    }
  }
}

function exists(path: string): boolean {
  try {
    sys.lstat(path);
    return true;
  } catch (thrown) {
    if (errnoName(thrown) === "ENOENT") return false;
    throw thrown;
  }
}
