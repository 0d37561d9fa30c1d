import { RunvError } from "@runv/protocol";
import { O_DIRECTORY, O_RDONLY } from "./open-flags.ts";
import {
  afterFork,
  chdir,
  clone,
  close,
  exit,
  type Fd,
  fchdir,
  open,
  pack,
  pipe,
  untar,
  waitpid,
} from "./sys.ts";

const unlimited = { maxEntries: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };

/**
 * Covers a directory by what `cover` mounts on it, and copies there what is covered, with everything that belongs to files.
 * The caller is a process whose children nobody else waits for.
 */
export function copyUp(target: string, cover: () => void): void {
  const covered = open(target, O_RDONLY | O_DIRECTORY);
  try {
    cover();
    copyFrom(covered, target);
  } finally {
    close(covered);
  }
}

function copyFrom(covered: Fd, target: string): void {
  const [reader, writer] = pipe();
  const pid = clone(0);
  if (pid === 0) packInto(writer, covered);
  close(writer);
  const failure = failureOf(() => void untar(reader, target, unlimited));
  close(reader);
  const ended = waitpid(pid, 0);
  if (failure !== null) throw failure;
  if (ended?.exitCode !== 0) throw new RunvError("agent", "what it covers could not be read");
}

function packInto(writer: Fd, covered: Fd): never {
  try {
    afterFork();
    fchdir(covered);
    pack(".", writer, { oneFileSystem: true });
    return exit(0);
  } catch {
    return exit(1);
  }
}

function failureOf(act: () => void): Error | null {
  try {
    act();
    return null;
  } catch (thrown) {
    return thrown instanceof Error ? thrown : new RunvError("internal", "an unknown error");
  } finally {
    chdir("/");
  }
}
