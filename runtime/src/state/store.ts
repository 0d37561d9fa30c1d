import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errorMessage, isRunvError, RunvError } from "@runv/protocol/errors";
import { readJsonFile } from "../shared/json-file.ts";
import { maxStateBytes } from "../shared/limits.ts";
import { messages } from "../shared/messages.ts";
import { hostFailure, systemErrorCode } from "../shared/system-error.ts";
import { sweepTransients, transientMark, transientName } from "../shared/transient.ts";
import { type ContainerRecord, recordVersion } from "./container-record.ts";
import { withContainerLock } from "./lock.ts";
import { parseRecord } from "./parse-record.ts";
import { containerDirectory, recordPath } from "./paths.ts";
import { type Lasting, replaceFile } from "./write-file.ts";

const stateDirectoryMode = 0o700;

/**
 * Takes the id of a new container: its directory appears with the record in it, at once or not at all.
 * @throws RunvError already-exists when the id is taken.
 */
export function reserveContainer(root: string, record: ContainerRecord): void {
  const directory = containerDirectory(root, record.id);
  const transient = makeTransient(root);
  try {
    writeRecord(transient, record, "durable");
    // Fails unless the target is absent or an empty directory, and no container's directory is empty.
    renameSync(transient, directory);
  } catch (cause) {
    rmSync(transient, { recursive: true, force: true });
    if (isTaken(cause))
      throw new RunvError("already-exists", messages.containerExists, { cause, context: { id: record.id } });
    throw hostFailure(`state of ${record.id}: cannot be written`, cause);
  }
}

/** @throws RunvError not-found, version-mismatch, or internal when the record is damaged. */
export function loadContainer(root: string, id: string): ContainerRecord {
  const directory = containerDirectory(root, id);
  try {
    return parseRecord(readJsonFile(recordPath(directory), `state of ${id}`, maxStateBytes), id);
  } catch (cause) {
    if (!existsSync(directory)) {
      throw new RunvError("not-found", messages.containerDoesNotExist, { cause, context: { id } });
    }
    if (isRunvError(cause, "version-mismatch")) throw cause;
    throw new RunvError(
      "internal",
      `${errorMessage(cause)} (the record is damaged: delete --force removes it)`,
      {
        cause,
        context: { id },
      },
    );
  }
}

/** The present record of a container. @throws as loadContainer; not-found, too, when the id is another container's by now */
export function loadSame({ id, created }: ContainerRecord, root: string): ContainerRecord {
  const present = loadContainer(root, id);
  if (present.created === created) return present;
  throw new RunvError("not-found", messages.containerDoesNotExist, { context: { id } });
}

/** @returns whether the id is still this container's, as far as the record can be read: one that is damaged is no reason to doubt it. */
export function isStillOf(record: ContainerRecord, root: string): boolean {
  try {
    loadSame(record, root);
    return true;
  } catch (error) {
    return !isRunvError(error, "not-found");
  }
}

/**
 * Runs `work` on the record while no other verb can change it.
 * @param work returns the record to write; the one it was given, or null, to leave it. `note` writes one in between, for verbs that
 * must find it when this one is killed; a machine that loses its power need not have it.
 */
export async function changeContainer(
  root: string,
  id: string,
  work: (record: ContainerRecord, note: (record: ContainerRecord) => void) => Promise<ContainerRecord | null>,
): Promise<void> {
  const directory = containerDirectory(root, id);
  await withContainerLock(directory, id, async () => {
    const record = loadContainer(root, id);
    const changed = await work(record, (noted) => writeRecord(directory, noted, "volatile"));
    if (changed !== null && changed !== record) writeRecord(directory, changed, "durable");
  });
}

/** A container as `list` finds it. */
export type ListedContainer =
  | { readonly record: ContainerRecord }
  | { readonly id: string; readonly damage: RunvError };

/** All containers below `root`, by id. What cannot be read is reported in its place. */
export function listRecords(root: string): readonly ListedContainer[] {
  return containerIds(root).flatMap((id) => listRecord(root, id));
}

function listRecord(root: string, id: string): readonly ListedContainer[] {
  try {
    return [{ record: loadContainer(root, id) }];
  } catch (error) {
    if (!isRunvError(error)) throw error;
    // Not found: deleted since the directory was read.
    return error.code === "not-found" ? [] : [{ id, damage: error }];
  }
}

/** Forgets a container, whatever is left of it. It disappears at once: a half-removed record is never seen. */
export function forgetContainer(root: string, id: string): void {
  const transient = join(root, transientName());
  try {
    renameSync(containerDirectory(root, id), transient);
  } catch (cause) {
    if (systemErrorCode(cause) === "ENOENT") return;
    throw cause;
  }
  rmSync(transient, { recursive: true, force: true });
}

function writeRecord(directory: string, record: ContainerRecord, lasting: Lasting): void {
  const text = JSON.stringify({ version: recordVersion, ...record }, asNumber);
  replaceFile(recordPath(directory), `${text}\n`, lasting);
}

/** Nobody has looked at what the hypervisor's driver saved: in a damaged record it may hold integers that are no numbers. */
function asNumber(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : value;
}

function containerIds(root: string): readonly string[] {
  try {
    return readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith(transientMark))
      .map((entry) => entry.name)
      .sort();
  } catch (cause) {
    if (systemErrorCode(cause) === "ENOENT") return [];
    throw cause;
  }
}

function isTaken(cause: unknown): boolean {
  return ["EEXIST", "ENOTEMPTY", "ENOTDIR"].includes(systemErrorCode(cause) ?? "");
}

/** A new directory below `root`, which is made as well. */
function makeTransient(root: string): string {
  try {
    mkdirSync(root, { recursive: true, mode: stateDirectoryMode });
    sweepTransients(root);
    const transient = join(root, transientName());
    mkdirSync(transient, { mode: stateDirectoryMode });
    return transient;
  } catch (cause) {
    throw hostFailure(`state: cannot be written below ${root}`, cause);
  }
}
