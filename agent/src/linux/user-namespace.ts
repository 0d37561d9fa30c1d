import type { IdMapping } from "@runv/protocol";
import { step } from "./errno.ts";
import { CLONE_NEWUSER } from "./namespaces.ts";
import { O_RDONLY } from "./open-flags.ts";
import { SIGKILL } from "./signals.ts";
import {
  afterFork,
  clone,
  close,
  exit,
  type Fd,
  kill,
  open,
  pipe,
  read,
  setgroups,
  setresgid,
  setresuid,
  waitpid,
  writeFile,
} from "./sys.ts";

/** What ids inside are outside. */
export interface IdMaps {
  readonly uids: readonly IdMapping[];
  readonly gids: readonly IdMapping[];
}

/** Gives a process in a new user namespace its ids (user_namespaces(7)). The caller is outside of it. */
export function writeIdMaps(pid: number, { uids, gids }: IdMaps): void {
  step("map user ids", () => writeFile(`/proc/${pid}/uid_map`, mapText(uids)), "invalid-argument");
  step("map group ids", () => writeFile(`/proc/${pid}/gid_map`, mapText(gids)), "invalid-argument");
}

function mapText(mappings: readonly IdMapping[]): string {
  return mappings.map(({ inside, outside, count }) => `${inside} ${outside} ${count}\n`).join("");
}

/** The id outside of one inside; null for one that is not mapped. */
export function outsideId(mappings: readonly IdMapping[], id: number): number | null {
  const range = mappings.find(({ inside, count }) => id >= inside && id - inside < count);
  return range === undefined ? null : range.outside + (id - range.inside);
}

/** Takes the ids of the namespace's own root, which is to make files there. */
export function becomeNamespaceRoot(): void {
  step("become root of the user namespace", () => {
    setgroups([]);
    setresgid(0);
    setresuid(0);
  });
}

/** A user namespace that nobody is in. The caller is one that nobody else reaps children of, and in the pid namespace of its /proc. */
export function makeUserNamespace(maps: IdMaps): Fd {
  const [reader, writer] = pipe();
  const pid = clone(CLONE_NEWUSER);
  if (pid === 0) {
    afterFork();
    close(writer);
    read(reader, 1);
    return exit(0);
  }
  try {
    writeIdMaps(pid, maps);
    return open(`/proc/${pid}/ns/user`, O_RDONLY);
  } finally {
    kill(pid, SIGKILL);
    waitpid(pid, 0);
    close(reader);
    close(writer);
  }
}
