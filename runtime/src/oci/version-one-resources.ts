import type { JsonCursor } from "../shared/json-cursor.ts";
import type { Warn } from "./warn.ts";

/** Each would change what the container sees, so it is refused. */
const versionOneOnly = "version 2 cgroups, which the guest has, know nothing of the kind: not supported";
const maxSwappiness = 100;
const maxInt64 = 2 ** 63;
const maxUint64 = 2 ** 64;

/** @throws RunvError unsupported for a limit that only version 1 cgroups have, naming the field */
export function refuseVersionOne(resources: JsonCursor): void {
  const cpu = resources.member("cpu");
  const network = resources.member("network");
  for (const member of [
    cpu.member("realtimeRuntime"),
    cpu.member("realtimePeriod"),
    network.member("classID"),
  ])
    if (isAsked(member)) member.refuse(versionOneOnly);
  const priorities = network.member("priorities");
  if (priorities.array((element) => element).length > 0) priorities.refuse(versionOneOnly);
  const oomKiller = resources.member("memory").member("disableOOMKiller");
  if (oomKiller.optional((value) => value.boolean(), false)) oomKiller.refuse(versionOneOnly);
}

/** What makes no difference in a guest. @param warn is told of it */
export function warnOfIgnored(memory: JsonCursor, warn: Warn): void {
  for (const name of ["kernel", "kernelTCP"])
    if (isAsked(memory.member(name)))
      warn(`${memory.member(name).path}: is ignored: limits of the kernel's memory are obsolete`);
  const swappiness = memory.member("swappiness");
  if (swappiness.optional((value) => value.integer(0, maxSwappiness), null) !== null)
    warn(`${swappiness.path}: is ignored: the guest has no swap`);
  const hierarchy = memory.member("useHierarchy");
  if (!hierarchy.optional((value) => value.boolean(), true))
    warn(`${hierarchy.path}: is ignored: cgroups of version 2 always count those below them`);
}

/** 0 asks for nothing. */
function isAsked(member: JsonCursor): boolean {
  return member.optional((value) => value.integer(-maxInt64, maxUint64), 0) !== 0;
}
