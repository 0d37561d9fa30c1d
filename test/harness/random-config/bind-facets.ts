import { execFileSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, mkdtempSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Random } from "../../fixtures/grpc/random.ts";
import {
  type Draft,
  type Facet,
  fieldsBelow,
  optionsLine,
  printOptions,
  quoted,
  shuffled,
  someOf,
} from "./draft.ts";
import { newPlace } from "./file-facets.ts";
import { insideOf, outsideOf } from "./id-maps.ts";

const fields = fieldsBelow("mounts[]", "destination", "type", "source", "options");
const oddNames = [
  "plain",
  "a b",
  "é🦉",
  "a,readonly=on",
  "line\nbreak",
  "'\"$HOME\\",
  "x".repeat(200),
  "-rf",
] as const;

/** What options do to a mount's flags: "ro" sets one, "rw" takes it away. */
const flagOptions = [
  ["ro", "rw"],
  ["nosuid", "suid"],
  ["nodev", "dev"],
  ["noexec", "exec"],
] as const;

/** A directory of the host's that the container's root owns, with a file in it. */
function volume(draft: Draft, random: Random): string {
  const parent = mkdtempSync(path.join(draft.directory, "volume-"));
  const directory = path.join(parent, random.pick(oddNames));
  mkdirSync(directory);
  writeFileSync(path.join(directory, "file"), "text\n", { mode: 0o644 });
  const owner = rootOf(draft);
  for (const file of [directory, path.join(directory, "file")]) chownSync(file, owner.uid, owner.gid);
  return directory;
}

function rootOf({ maps }: Draft): { readonly uid: number; readonly gid: number } {
  return { uid: outsideOf(maps?.uids, 0) ?? 0, gid: outsideOf(maps?.gids, 0) ?? 0 };
}

/** Options in any order, said twice and taken back, with what comes of them. */
function randomOptions(
  draft: Draft,
  random: Random,
): { readonly options: readonly string[]; readonly set: readonly string[] } {
  // What a mount comes with, a user namespace may not take away.
  const takesBack = draft.maps === null;
  const plain = someOf(random, flagOptions).map(([set, clear]) =>
    random.pick(takesBack ? [[set], [set, set], [clear, set], [set, clear]] : [[set], [set, set]]),
  );
  const recursive = someOf(random, flagOptions)
    .filter(() => random.below(3) === 0)
    .map(([set, clear]) => [set, random.pick(takesBack ? [set, clear] : [set])] as const);
  const asked = plain.flatMap((words) =>
    words.at(-1)?.startsWith("no") === true || words.at(-1) === "ro" ? words.slice(-1) : [],
  );
  // Recursive ones come after the others, wherever they stand.
  const kept = asked.filter((flag) => !recursive.some(([set, said]) => set === flag && said !== set));
  const added = recursive.flatMap(([set, said]) => (said === set ? [set] : []));
  const propagation = random.pick([[], ["private"], ["rprivate"], ["slave"], ["rslave"]]);
  const options = shuffled(random, [
    ...plain,
    ...recursive.map(([, said]) => [`r${said}`]),
    propagation,
  ]).flat();
  return { options, set: [...kept, ...added] };
}

const looked = flagOptions.map(([set]) => set);

/** How bind mounts get in, all of a container the same way; otherwise as the host has it. */
const way: Facet = {
  fields: [],
  ask: ({ env }, random) => {
    env["RUNV_VOLUMES"] = random.pick(["copy", "copy", "9p"]);
  },
};

const isCopied = ({ env }: Draft): boolean => env["RUNV_VOLUMES"] === "copy";

const boundDirectory: Facet = {
  fields,
  ask: (draft, random) => {
    const source = volume(draft, random);
    const { destination, at } = newPlace(draft, (limit) => random.below(limit));
    const depth = random.pick([[], ["bind"], ["rbind"]]);
    const { options, set } = randomOptions(draft, random);
    const type =
      depth.length === 0 ? { type: "bind" } : random.pick([{ type: "bind" }, { type: "none" }, {}]);
    draft.mounts.push({ destination, ...type, source, options: [...depth, ...options] });
    if (isCopied(draft)) draft.warnings.push("is copied into the guest");
    const script = `cat ${quoted(`${at}/file`)}; ${printOptions(at, looked)}; (echo more >${quoted(`${at}/new`)}) 2>/dev/null && echo yes || echo no`;
    const writes = draft.isRoot && !set.includes("ro");
    draft.checks.push({
      name: `directory at ${destination}`,
      script,
      expected: `text\n${optionsLine(set)}${writes ? "yes" : "no"}\n`,
    });
    showOnHost(draft, path.join(source, "new"), writes && !isCopied(draft));
  },
};

/** What the container made is the host's, with the ids that its own have outside. */
function showOnHost(draft: Draft, file: string, isThere: boolean): void {
  const { maps } = draft;
  const owner = (): string => {
    const { uid, gid } = statSync(file);
    return `${uid}:${gid}`;
  };
  const { uid, gid } = draft.process.user;
  const expected = isThere
    ? `${outsideOf(maps?.uids, Number(uid))}:${outsideOf(maps?.gids, Number(gid))}`
    : "nothing";
  draft.hostChecks.push({
    name: `on the host: ${file}`,
    found: () => (existsSync(file) ? owner() : "nothing"),
    expected,
  });
}

/** Also over a file that is there. */
const boundFile: Facet = {
  fields,
  ask: (draft, random) => {
    const source = path.join(volume(draft, random), "file");
    const present = random.pick(["", "/etc/passwd", "/etc/hosts"]);
    const { destination, at } =
      present === ""
        ? newPlace(draft, (limit) => random.below(limit))
        : { destination: present, at: present };
    const isHidden = at.startsWith("/etc/") && draft.linux["maskedPaths"] !== undefined;
    if (isHidden || draft.mounts.some((mount) => "destination" in mount && mount.destination === destination))
      return;
    const { options, set } = randomOptions(draft, random);
    draft.mounts.push({ destination, type: "bind", source, options });
    if (isCopied(draft)) draft.warnings.push("is copied into the guest");
    draft.checks.push({
      name: `file at ${destination}`,
      script: `cat ${quoted(at)}; ${printOptions(at, looked)}`,
      expected: `text\n${optionsLine(set)}`,
    });
  },
};

/** What the host has mounted below comes along with rbind only. */
const boundTree: Facet = {
  fields,
  ask: (draft, random) => {
    const source = volume(draft, random);
    const below = path.join(source, "below");
    mkdirSync(below);
    execFileSync("mount", ["-t", "tmpfs", "runv-test", below]);
    draft.undo.push(() => execFileSync("umount", [below]));
    writeFileSync(path.join(below, "file"), "below\n");
    const { destination, at } = newPlace(draft, (limit) => random.below(limit));
    const depth = random.pick(["bind", "rbind"]);
    const readonly = random.pick([[], ["ro"], ["rro"]]);
    draft.mounts.push({ destination, type: "bind", source, options: [...readonly, depth] });
    if (isCopied(draft)) draft.warnings.push("is copied into the guest");
    const script = `cat ${quoted(`${at}/below/file`)} 2>/dev/null || ls ${quoted(`${at}/below`)} | wc -l`;
    draft.checks.push({
      name: `${depth} at ${destination}`,
      script,
      expected: depth === "rbind" ? "below\n" : "0\n",
    });
  },
};

const mappedMount: Facet = {
  fields: fieldsBelow("mounts[].uidMappings[]", "containerID", "hostID", "size").flatMap((field) => [
    field,
    field.replace("uid", "gid"),
  ]),
  ask: (draft, random) => {
    if (!isCopied(draft)) return;
    const source = volume(draft, random);
    chownSync(path.join(source, "file"), 1005, 1006);
    const [uid, gid, size] = [random.pick([2000, 2 ** 31]), random.pick([3000, 0]), random.pick([10, 1000])];
    const ids = {
      uidMappings: [{ containerID: 1000, hostID: uid, size }],
      gidMappings: [{ containerID: 1001, hostID: gid, size }],
    };
    const { destination, at } = newPlace(draft, (limit) => random.below(limit));
    const options = shuffled(random, [
      ...random.pick([[], ["idmap"], ["ridmap"]]),
      random.pick(["bind", "rbind"]),
    ]);
    draft.mounts.push({ destination, type: "bind", source, options, ...ids });
    draft.warnings.push("is copied into the guest");
    const expected = `${insideOf(draft.maps?.uids, uid + 5)}:${insideOf(draft.maps?.gids, gid + 5)}\n`;
    draft.checks.push({
      name: `mapped at ${destination}`,
      script: `stat -c %u:%g ${quoted(`${at}/file`)}`,
      expected,
    });
  },
};

export const bindFacets: readonly Facet[] = [
  way,
  boundDirectory,
  boundDirectory,
  boundFile,
  boundTree,
  mappedMount,
];
