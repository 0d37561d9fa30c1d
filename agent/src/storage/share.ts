import { RunvError, type Share } from "@runv/protocol";
import { step } from "../linux/errno.ts";
import { makeDirectories } from "../linux/paths.ts";
import { mount } from "../linux/sys.ts";

const shareDirectory = "/share";

/** What one request of 9p may carry: a few of the driver's pages of descriptors below its most. */
const plan9MessageBytes = 262_144;
/** By the share's cache: nothing but what mmap(2) needs, or everything. */
const plan9Caches: Readonly<Record<string, string>> = { none: "none", auto: "mmap", always: "loose" };

/** Mounts what the host shares with this VM. */
export function mountShare(share: Share | undefined): void {
  if (share === undefined) return;
  const { driver, tag } = share;
  if (!/^[\w-]{1,31}$/.test(tag)) throw new RunvError("invalid-argument", `share: invalid tag: "${tag}"`);
  makeDirectories(shareDirectory);
  step(`mount share ${tag} by ${driver}`, () => mount(tag, shareDirectory, driver, 0, mountData(share)));
}

function mountData({ driver, cache }: Share): string {
  if (driver === "virtiofs") return "";
  const kind = Object.hasOwn(plan9Caches, cache) ? plan9Caches[cache] : undefined;
  if (driver !== "9p" || kind === undefined)
    throw new RunvError(
      "unsupported",
      `share: driver "${driver}", cache "${cache}": this agent has no such thing`,
    );
  return `trans=virtio,version=9p2000.L,msize=${plan9MessageBytes},cache=${kind}`;
}

/** The directory or file that `tree` names. @throws RunvError "invalid-argument" for a name that leaves the share */
export function treePath(tree: string): string {
  return below(shareDirectory, tree);
}

/** @throws RunvError "invalid-argument" */
export function below(directory: string, name: string): string {
  const parts = name.split("/");
  if (parts.some((part) => part === "" || part === "." || part === ".."))
    throw new RunvError("invalid-argument", `invalid name of a tree: "${name}"`);
  return `${directory}/${name}`;
}
