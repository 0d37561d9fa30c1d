import {
  ContainersDefinition,
  HealthDefinition,
  listeningMark,
  ProcessesDefinition,
  SandboxDefinition,
  StorageDefinition,
} from "@runv/protocol";
import { leaveKernelNothingToRun, occupyStdio, prepareRoot, protectSelf } from "./boot.ts";
import { serveBulk } from "./io/bulk-server.ts";
import { findCarrier } from "./io/carrier.ts";
import { makeControlServer, serveControl } from "./io/control-server.ts";
import { ProcessIoServer } from "./io/process-io-server.ts";
import { noteAvailableMemory } from "./linux/cgroups/reserve.ts";
import { endMachine } from "./linux/power.ts";
import { startReaping } from "./linux/reaper.ts";
import { exit, getpid, monotonicMs, runLoop, setTimer, write } from "./linux/sys.ts";
import { provideTextEncoding } from "./linux/text-encoding.ts";
import { Sandbox } from "./sandbox.ts";
import { containersService } from "./services/containers.ts";
import { healthService } from "./services/health.ts";
import { processesService } from "./services/processes.ts";
import { sandboxService } from "./services/sandbox.ts";
import { storageService } from "./services/storage.ts";
import { bulkKey, Rendezvous } from "./storage/rendezvous.ts";

/** How long the answer of Shutdown may take to go out. */
const shutdownGraceMs = 1_000;
/** What was written to a closed vsock connection is on its way through the carrier, which ends with the VM. */
const deliveryMs = 200;
const stderr = 2;
/** EX_USAGE of sysexits(3). */
const exitUsage = 64;

/** PID 1 of the guest. What carries its ports comes first: the host waits for it. */
function main(): void {
  const boot = { mainUs: sinceKernelStartUs(), listeningUs: 0 };
  occupyStdio();
  const carrier = findCarrier(() => {
    // A host that tries the ports all the time breaks some carriers: it waits for this.
    write(stderr, `${listeningMark}\n`);
    boot.listeningUs = sinceKernelStartUs();
  });
  provideTextEncoding();
  startReaping();
  prepareRoot();
  leaveKernelNothingToRun();
  noteAvailableMemory();
  protectSelf();

  const sandbox = new Sandbox();
  const bulk = new Rendezvous();
  const io = new ProcessIoServer(({ container, process }) =>
    sandbox.containers.findProcess(container, process),
  );
  const server = makeControlServer();
  const end = (): void => void setTimer(deliveryMs, endMachine);
  const shutDown = (): void => void server.shutDown(shutdownGraceMs).then(end, end);
  server.addService(SandboxDefinition, sandboxService(sandbox, boot, shutDown));
  server.addService(StorageDefinition, storageService(sandbox, bulk));
  server.addService(ContainersDefinition, containersService(sandbox, io));
  server.addService(ProcessesDefinition, processesService(sandbox, io));
  server.addService(HealthDefinition, healthService());
  carrier.open((ports) => {
    serveControl(ports.control, server);
    serveBulk(ports.bulk, (header, connection) =>
      bulk.offer(bulkKey(header.container, header.copy), connection),
    );
    io.serve(ports.io);
  });
}

/** CLOCK_MONOTONIC starts with the kernel, and the guest has not slept yet. */
function sinceKernelStartUs(): number {
  return Math.round(monotonicMs() * 1000);
}

if (getpid() !== 1) {
  // Its first steps would take the machine's mounts apart.
  write(stderr, "runv-agent: this is the init process of a runv guest and runs nowhere else\n");
  exit(exitUsage);
}
main();
// A fault in one request must not end the guest: it goes to the console, which the host keeps.
runLoop(
  (error) =>
    void write(
      stderr,
      `agent: ${error instanceof Error ? `${error.message}\n${error.stack ?? ""}` : String(error)}\n`,
    ),
);
