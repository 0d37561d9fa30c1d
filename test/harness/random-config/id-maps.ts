/** A range of ids, as config.json has it. */
export interface IdRange {
  readonly containerID: number;
  readonly hostID: number;
  readonly size: number;
}

/** Of a user namespace. */
export interface IdMaps {
  readonly uids: readonly IdRange[];
  readonly gids: readonly IdRange[];
}

/** What stands for an id that has none on the other side (user_namespaces(7)). */
const overflowId = 65_534;

/** What an id of the container is outside; null: nothing. */
export function outsideOf(ranges: readonly IdRange[] | undefined, id: number): number | null {
  if (ranges === undefined) return id;
  const range = ranges.find(({ containerID, size }) => id >= containerID && id < containerID + size);
  return range === undefined ? null : id - range.containerID + range.hostID;
}

/** What an id that is outside shows as in the container. */
export function insideOf(ranges: readonly IdRange[] | undefined, id: number): number {
  if (ranges === undefined) return id;
  const range = ranges.find(({ hostID, size }) => id >= hostID && id < hostID + size);
  return range === undefined ? overflowId : id - range.hostID + range.containerID;
}

/** Those that the container has, of which there must be one. */
export function mappedOf<T extends number>(
  ranges: readonly IdRange[] | undefined,
  ids: readonly T[],
): [T, ...T[]] {
  const [first, ...rest] = ids.filter((id) => outsideOf(ranges, id) !== null);
  if (first === undefined) throw new Error(`none of ${ids.join(", ")} is mapped`);
  return [first, ...rest];
}
