import type { RunvError } from "@runv/protocol";
import { type CancelSignal, type UnpackRequest, type UnpackResponse } from "@runv/protocol";
import { errnoOf, stepError } from "../linux/errno.ts";
import { makeDirectories } from "../linux/paths.ts";
import {
  chdir,
  chroot,
  clearTimer,
  close,
  type Fd,
  monotonicMs,
  read,
  setNonblock,
  setTimer,
  untar,
} from "../linux/sys.ts";
import { removeContainerFiles } from "./remove.ts";
import { copiesDirectory, rootfsDirectory } from "./scratch.ts";
import { inChild, type Work } from "./work.ts";

/** How long and how much is read and thrown away after an error, so that the host sees the answer and no broken pipe. */
const drainDeadlineMs = 10_000;
const drainMaxBytes = 1 << 30;
const drainPieceBytes = 65_536;

/**
 * Unpacks the tar stream on `source`, which is closed in the end. After an error nothing of the container's files is left.
 * @throws RunvError "invalid-argument" for what the archive does wrong, "resource-exhausted" when the scratch is full
 */
export async function unpack(
  request: UnpackRequest,
  source: Fd,
  signal: CancelSignal,
): Promise<UnpackResponse> {
  const directory = unpackDirectory(request);
  let work: Work;
  try {
    makeDirectories(directory);
    setNonblock(source, false);
    work = inChild(
      () => unpackHere(request, source, directory),
      () => drain(source),
    );
  } finally {
    close(source);
  }
  const forget = signal.onAbort(() => work.abandon());
  try {
    const { entries = 0, bytes = 0 } = await work.done;
    return { entries, bytes };
  } catch (thrown) {
    if (signal.aborted) await work.ended;
    await removeContainerFiles(request.containerId);
    throw signal.reason ?? thrown;
  } finally {
    forget();
    const timer = setTimer(drainDeadlineMs, () => work.abandon());
    void work.ended.then(() => clearTimer(timer));
  }
}

/** In a child of its own, with the directory as its whole world. */
function unpackHere(request: UnpackRequest, source: Fd, directory: string): Record<string, number> {
  chdir(directory);
  chroot(".");
  try {
    const limits = { maxEntries: bound(request.maxEntries), maxBytes: bound(request.maxBytes) };
    const { entries, bytes } = untar(source, "/", limits);
    return { entries, bytes };
  } catch (thrown) {
    throw unpackError(request, thrown);
  }
}

/** Where the tree of a request goes. */
export function unpackDirectory({ containerId, copy }: UnpackRequest): string {
  return copy === "" ? rootfsDirectory(containerId) : `${copiesDirectory(containerId)}/${copy}`;
}

function bound(limit: number): number {
  return limit === 0 ? Number.MAX_SAFE_INTEGER : limit;
}

function unpackError(request: UnpackRequest, thrown: unknown): RunvError {
  const what = `unpack ${request.copy === "" ? "rootfs" : `copy ${request.copy}`} of container ${request.containerId}`;
  switch (errnoOf(thrown)) {
    case "EBADMSG":
      return stepError(what, thrown, "invalid-argument");
    case "ENOSPC":
    case "EDQUOT":
      return stepError(`${what}: the scratch space is full: give the container a larger one`, thrown);
    default:
      return stepError(what, thrown);
  }
}

function drain(source: Fd): void {
  const end = monotonicMs() + drainDeadlineMs;
  let left = drainMaxBytes;
  while (left > 0 && monotonicMs() < end) {
    const { length } = read(source, drainPieceBytes);
    if (length === 0) return;
    left -= length;
  }
}
