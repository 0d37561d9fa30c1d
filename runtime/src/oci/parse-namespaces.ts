import type { JsonCursor } from "../shared/json-cursor.ts";
import { type NamespaceType, namespaceTypes } from "./linux-names.ts";
import { isMapped, parseIdMappings } from "./parse-id-mappings.ts";
import type { ProcessSpec } from "./process-spec.ts";
import type { IdMappings, TimeOffset } from "./spec.ts";

/** Why a namespace that exists on the host cannot be the container's. */
const ofTheHost: Readonly<Record<NamespaceType, string>> = {
  network:
    "a network namespace of the host: a guest is not connected to one yet; without a path the container has one of its own, with a loopback interface",
  mount:
    "a mount namespace of the host: what is mounted there is not mounted in a guest with a kernel of its own",
  user: "a user namespace of the host means nothing in a guest with a kernel of its own: use uidMappings and gidMappings",
  cgroup: "a cgroup namespace of the host: a guest has control groups of its own",
  time: "a time namespace of the host: a guest has clocks of its own: use timeOffsets",
  pid: joining("pid"),
  ipc: joining("ipc"),
  uts: joining("uts"),
};

function joining(type: string): string {
  return `a namespace of the host, or of another container: only containers in one virtual machine can share a ${type} namespace, and this runv has one container in each`;
}

/**
 * A container never sees the agent, so pid and mount namespaces are new whether asked for or not, and cgroups above its own are not
 * visible. Without a network namespace of its own it would have the host's network, which a virtual machine cannot give it.
 */
export function parseNamespaces(namespaces: JsonCursor): readonly NamespaceType[] {
  const asked = namespaces.array(parseNamespace);
  const twice = asked.find((type, index) => asked.indexOf(type) !== index);
  if (twice !== undefined) namespaces.fail(`has ${twice} twice`);
  if (!asked.includes("network"))
    namespaces.refuse("the host's network: not supported (add one of type network)");
  return namespaceTypes.filter((type) => type === "pid" || type === "mount" || asked.includes(type));
}

function parseNamespace(namespace: JsonCursor): NamespaceType {
  const type = namespace.member("type").oneOf(namespaceTypes);
  const path = namespace.member("path");
  if (!path.isNeutral) path.refuse(`${path.string()}: ${ofTheHost[type]}`);
  return type;
}

/** The ids of the container's user namespace; null: the guest's. */
export function parseUserMappings(
  linux: JsonCursor,
  namespaces: readonly NamespaceType[],
): IdMappings | null {
  const mappings = parseIdMappings(linux);
  if (mappings === null && namespaces.includes("user"))
    linux.member("uidMappings").fail("is required for a namespace of type user");
  if (mappings !== null && !namespaces.includes("user"))
    linux.member("uidMappings").fail("needs a namespace of type user");
  return mappings;
}

/** The kernel refuses what has no id outside; so does this, by name. */
export function checkMappedIds(process: JsonCursor, { user }: ProcessSpec, mappings: IdMappings): void {
  const ids = process.member("user");
  const check = (name: string, id: number, of: keyof IdMappings): void => {
    if (!isMapped(mappings[of], id))
      ids
        .member(name)
        .fail(`${id} is not mapped in the user namespace (linux.${of === "uids" ? "uid" : "gid"}Mappings)`);
  };
  check("uid", user.uid, "uids");
  check("gid", user.gid, "gids");
  for (const gid of user.additionalGids) check("additionalGids", gid, "gids");
}

const clocks = ["monotonic", "boottime"] as const;
/** Of CLOCK_MONOTONIC: KTIME_SEC_MAX / 2 of the kernel. */
const maxSeconds = 4_611_686_018;
const maxNanos = 999_999_999;

/** Accepts `linux.timeOffsets`. */
export function parseTimeOffsets(
  offsets: JsonCursor,
  namespaces: readonly NamespaceType[],
): readonly TimeOffset[] {
  const parsed = offsets.members().map(([name, offset]): TimeOffset => {
    const clock = clocks.find((known) => known === name);
    if (clock === undefined) offset.refuse(`a clock without offset (${clocks.join(", ")} have one)`);
    return {
      clock: clock ?? "monotonic",
      seconds: offset.member("secs").optional((value) => value.integer(-maxSeconds, maxSeconds), 0),
      nanos: offset.member("nanosecs").optional((value) => value.integer(0, maxNanos), 0),
    };
  });
  if (parsed.length > 0 && !namespaces.includes("time")) offsets.fail("needs a namespace of type time");
  return parsed;
}
