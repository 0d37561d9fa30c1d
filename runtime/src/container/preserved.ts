import { closeSync, fstatSync } from "node:fs";
import { DescriptorAccess, firstPreserved, maxPreserved } from "@runv/protocol";
import { RunvError } from "@runv/protocol/errors";
import { type PreservedAccess, preservedAccesses } from "../../resident/contract/proxy.ts";
import type { ProcessSpec } from "../oci/process-spec.ts";
import type { ResidentEvent } from "../shared/resident-event.ts";

/** How many of this verb's descriptors from 3 on the container's process gets. */
export interface PreservedCount {
  /** By socket activation: sd_listen_fds(3). */
  readonly listening: number;
  /** `--preserve-fds`, behind these. */
  readonly asked: number;
}

const accessOf: Readonly<Record<PreservedAccess, DescriptorAccess>> = {
  read: DescriptorAccess.READ,
  write: DescriptorAccess.WRITE,
  "read-write": DescriptorAccess.READ_WRITE,
};

/** As runc counts them: what socket activation has passed to another process is not for this one (runc: utils_linux.go, startContainer). */
export function listeningCount(environment: NodeJS.ProcessEnv, pid: number): number {
  const count = environment["LISTEN_FDS"] ?? "";
  return environment["LISTEN_PID"] === String(pid) && /^\d{1,9}$/.test(count) ? Number(count) : 0;
}

/** @throws RunvError for more than can be had, and for one that the caller has not opened */
export function checkPreserved({ listening, asked }: PreservedCount): void {
  const count = listening + asked;
  if (count > maxPreserved) {
    throw new RunvError(
      "invalid-argument",
      `--preserve-fds: ${count} descriptors: at most ${maxPreserved} can be preserved`,
    );
  }
  for (const fd of numbersOf(count)) {
    if (!isOpen(fd)) throw new RunvError("invalid-argument", `preserved descriptor ${fd}: not open`);
  }
}

export function numbersOf(count: number): number[] {
  return Array.from({ length: count }, (_, index) => firstPreserved + index);
}

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}

/** Once another process has them: a reader waits for the end of a pipe until its last writer has closed it. */
export function letGoOfPreserved(count: number): void {
  numbersOf(count).forEach(closeSync);
}

/** What the proxy has found out about them. @throws RunvError for what no proxy says */
export function preservedAccessesOf(event: ResidentEvent): readonly DescriptorAccess[] {
  const said: unknown = event["preserved"];
  return (Array.isArray(said) ? said : []).map((access: unknown) => {
    const known = preservedAccesses.find((candidate) => candidate === access);
    if (known === undefined)
      throw new RunvError("internal", "proxy: unknown access to a preserved descriptor");
    return accessOf[known];
  });
}

/** The process is told of its sockets as runc tells it. */
export function withListening(process: ProcessSpec, { listening }: PreservedCount): ProcessSpec {
  if (listening === 0) return process;
  const others = process.env.filter((line) => !/^LISTEN_(FDS|PID)=/.test(line));
  return { ...process, env: [...others, `LISTEN_FDS=${listening}`, "LISTEN_PID=1"] };
}
