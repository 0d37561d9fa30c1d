import { errorMessage, RunvError } from "@runv/protocol";
import { errnoOf } from "../errno.ts";
import { readFile, writeFile } from "../sys.ts";

const maxFileBytes = 65_536;

/** One limit: what is to be written into which file of a cgroup. */
export interface CgroupWrite {
  /** Of config.json, below `linux.resources`. */
  readonly field: string;
  readonly file: string;
  readonly value: string;
  /** For a file with a line for each device: how the line begins, and what stands for none. */
  readonly line?: { readonly key: string; readonly none: string };
  /** For a file that says more than it takes: what of its text is to be written to have it back. */
  readonly restored?: RegExp;
  /** A bound that some kernels take and do not keep: they show more than it afterwards. */
  readonly isKept?: boolean;
  /** What says the same where the kernel has no such file, or gives it no meaning; "skip": nothing needs to. */
  readonly otherwise?: CgroupWrite | "skip";
}

/** Where the file of a name is. */
export type FilePath = (file: string) => string;

/**
 * Sets limits of a cgroup, all of them or none.
 * @throws RunvError that names the field
 */
export function writeLimits(pathOf: FilePath, writes: readonly CgroupWrite[]): void {
  const undo: (() => void)[] = [];
  try {
    for (const write of writes) undo.push(writeLimit(pathOf, write));
  } catch (thrown) {
    for (const restore of undo.toReversed()) restore();
    throw thrown;
  }
}

/** @returns what takes it back, as far as that can be had */
function writeLimit(pathOf: FilePath, write: CgroupWrite): () => void {
  const path = pathOf(write.file);
  const before = previous(path, write);
  try {
    writeFile(path, write.value);
    if (write.isKept === true && Number(readable(path)) > Number(write.value)) throw notKept(write);
  } catch (thrown) {
    if (!isAbsent(thrown) || write.otherwise === undefined) throw refusalOf(write, thrown);
    return write.otherwise === "skip" ? () => undefined : writeLimit(pathOf, write.otherwise);
  }
  return () => {
    if (before !== null) writeBack(path, before);
  };
}

function notKept({ field, file }: CgroupWrite): RunvError {
  return new RunvError(
    "unsupported",
    `linux.resources.${field}: the guest's kernel has a file ${file}, but no such limit any more`,
  );
}

function isAbsent(thrown: unknown): boolean {
  return ["ENOENT", "EOPNOTSUPP"].includes(errnoOf(thrown) ?? "");
}

/** What the kernel does not take back stays: the error that led here says what went wrong. */
function writeBack(path: string, before: string): void {
  try {
    writeFile(path, before);
  } catch (thrown) {
    if (errnoOf(thrown) === null) throw thrown;
  }
}

/** What was there before: null for a file that cannot be read, and so not be restored. */
function previous(path: string, { line, restored }: CgroupWrite): string | null {
  const text = readable(path);
  if (text !== null && restored !== undefined) return restored.exec(text)?.[1] ?? null;
  if (text === null || line === undefined) return text;
  return text.split("\n").find((candidate) => candidate.startsWith(`${line.key} `)) ?? line.none;
}

function readable(path: string): string | null {
  try {
    return readFile(path, maxFileBytes);
  } catch (thrown) {
    if (errnoOf(thrown) === null) throw thrown;
    return null;
  }
}

function refusalOf({ field, file, value }: CgroupWrite, thrown: unknown): RunvError {
  if (thrown instanceof RunvError) return thrown;
  const what = `linux.resources.${field}: cannot be set to ${JSON.stringify(value)}`;
  switch (errnoOf(thrown)) {
    case "ENOENT":
      return refusal("unsupported", `${what}: the guest's kernel has no ${file}`, thrown);
    case "ENODEV":
    case "ENXIO":
      return refusal("invalid-argument", `${what}: the virtual machine has no such device`, thrown);
    case "EOPNOTSUPP":
      return refusal("unsupported", `${what}: not possible with this device or this guest's kernel`, thrown);
    case "EINVAL":
    case "ERANGE":
    case "EDOM":
      return refusal("invalid-argument", `${what}: the guest's kernel does not take it: ${file}`, thrown);
    case "EBUSY":
      return refusal("invalid-state", `${what}: too much is used already: ${file}`, thrown);
    default:
      return refusal("agent", `${what}: ${errorMessage(thrown)}`, thrown);
  }
}

function refusal(code: RunvError["code"], message: string, cause: unknown): RunvError {
  return new RunvError(code, message, { cause });
}
