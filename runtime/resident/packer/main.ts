import { RunvError } from "@runv/protocol";
import { openVerbChannel } from "../channel/verb.ts";
import type { PackerEvent, PackerSpec } from "../contract/packer.ts";
import { dialListeningGuest } from "../guest/dial.ts";
import { prctl, shutdownWrite } from "../linux/constants.ts";
import { signal } from "../linux/signals.ts";
import { errnoName, stepFailure } from "../linux/system-error.ts";
import { parsePackerSpec } from "../parse/packer-spec.ts";
import * as sys from "../sys.ts";

/** Packs one directory as a tar stream, to stdout or into a guest. Its parent waits for it, and its parent's end is its own. */
sys.prctl(prctl.setParentDeathSignal, signal.kill, 0, 0, 0);
const channel = openVerbChannel({
  onSpec: (value) => {
    packAll(parsePackerSpec(value)).then(
      (event) => leave(event, 0),
      (thrown: unknown) => fail(thrown),
    );
  },
  onCommit: () => false,
  onGone: (reason) => fail(reason),
});

async function packAll(spec: PackerSpec): Promise<PackerEvent> {
  const sink = await openSink(spec.destination);
  const counts = sys.pack(spec.directory, sink, { oneFileSystem: spec.oneFileSystem });
  if (spec.destination.kind === "guest") sys.shutdown(sink, shutdownWrite);
  return { event: "packed", entries: counts.entries, bytes: counts.bytes, warnings: warningsOf(counts) };
}

/** A blocking descriptor: packing goes on for as long as somebody takes it. */
async function openSink(destination: PackerSpec["destination"]): Promise<number> {
  if (destination.kind === "stdout") return 1;
  const { vsockSocket, port, header, connectTimeoutMs } = destination;
  const socket = await dialListeningGuest(vsockSocket, port, connectTimeoutMs);
  sys.setNonblock(socket, false);
  sys.write(socket, header);
  return socket;
}

/** A directory that changes while it is packed is the caller's affair, but nothing to keep silent about. */
function warningsOf(counts: sys.ArchiveCounts): string[] {
  const { shrunkFiles, vanishedEntries } = counts;
  const warnings: string[] = [];
  if (shrunkFiles > 0)
    warnings.push(`${shrunkFiles} files became shorter while they were packed and end in zeros`);
  if (vanishedEntries > 0) warnings.push(`${vanishedEntries} entries disappeared while they were packed`);
  return warnings;
}

function fail(thrown: unknown): never {
  const gone = errnoName(thrown) === "EPIPE" || errnoName(thrown) === "ECONNRESET";
  const error = gone
    ? new RunvError("unavailable", "pack: the receiver is gone", { cause: thrown })
    : stepFailure("pack", thrown);
  return leave({ event: "failed", code: failureCode(error, thrown), message: error.message }, 1);
}

function leave(event: PackerEvent, status: number): never {
  channel.send(event);
  return sys.exit(status);
}

type FailureCode = Extract<PackerEvent, { event: "failed" }>["code"];
const failureCodes: readonly FailureCode[] = ["not-found", "unavailable", "timeout", "internal"];

function failureCode(error: RunvError, thrown: unknown): FailureCode {
  if (errnoName(thrown) === "ENOENT") return "not-found";
  return failureCodes.find((code) => code === error.code) ?? "internal";
}

// A receiver that ends must show as an error, not end the packer.
sys.watchSignals([signal.pipe], () => undefined);
sys.runLoop((error) => fail(error));
