import { randomBytes } from "node:crypto";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { caseCount } from "../../harness/sample.ts";
import {
  compileTimeoutMs,
  listTree,
  pack,
  scratch,
  type TarPrograms,
  tarPrograms,
  untar,
} from "./tar-programs.ts";

const treeTimeoutMs = 300_000;
const entries = caseCount({ sample: 800, full: 10_000 });

/** S_IFMT of a mode, and the types it tells apart: FIFO, character, directory, block, regular, symbolic link, socket (inode(7)). */
const fileTypeMask = 0o170000;
const everyFileType = new Set([0o010000, 0o020000, 0o040000, 0o060000, 0o100000, 0o120000, 0o140000]);

/** Which types of file a listing of tree-list has: its lines are NAME MODE UID:GID SECONDS.NANOSECONDS …. */
function fileTypes(listing: readonly string[]): Set<number> {
  const modes = listing.map((line) => / ([0-7]+) \d+:\d+ -?\d+\.\d{9}/.exec(line)?.[1] ?? line);
  return new Set(modes.map((mode) => Number.parseInt(mode, 8) & fileTypeMask));
}

describe("packer and reader", () => {
  let programs: TarPrograms;
  const place = scratch();
  const at = (name: string): string => path.join(place.directory, name);

  beforeAll(async () => {
    programs = await tarPrograms();
  }, compileTimeoutMs);
  afterAll(() => place.remove());

  async function generate(name: string, seed: number, count: number): Promise<string> {
    mkdirSync(at(name));
    await execa(programs.generate, [at(name), String(seed), String(count)]);
    return at(name);
  }

  it.each([1, 2])(
    `carry a tree of ${entries} entries of every kind through a pipe unchanged (seed %i)`,
    async (seed) => {
      const tree = await generate(`tree-${seed}`, seed, entries);
      const back = at(`back-${seed}`);
      mkdirSync(back);
      await execa("sh", [
        ...["-c", '"$1" pack "$2" 2>/dev/null | "$1" untar "$3" 1000000 1000000000000'],
        ...["sh", programs.tool, tree, back],
      ]);
      const expected = await listTree(programs.list, tree);
      expect(expected).toHaveLength(entries + 1);
      expect(fileTypes(expected)).toEqual(everyFileType);
      expect(expected.some((line) => line.includes(" linked "))).toBe(true);
      expect(expected.some((line) => line.includes(" sparse"))).toBe(true);
      expect(await listTree(programs.list, back)).toEqual(expected);
    },
    treeTimeoutMs,
  );

  // the archive of GNU tar, because the order in which a file system lists a directory is not ours to choose
  it.each([
    ["last", "z"],
    ["first", "a"],
  ])(
    "carry a tree deeper than the descriptors that a process may have, its files %s",
    async (order, file) => {
      const [deep, back, again] = [at(`deep-${order}`), at(`back-${order}`), at(`again-${order}`)];
      for (const directory of [deep, back, again]) mkdirSync(directory);
      const make =
        'cd "$1" && for i in $(seq 200); do mkdir "d$i" && echo "$i" > "$2" && ln "$2" "l$2" && cd "d$i" || exit 1; done';
      await execa("sh", ["-c", make, "sh", deep, file]);
      const run =
        'tar -C "$2" --format=posix --sort=name -c . | (ulimit -n 100; "$1" untar "$3" 1000000 1000000) && ' +
        'ulimit -n 100 && "$1" pack "$3" 2>/dev/null | "$1" untar "$4" 1000000 1000000';
      await execa("sh", ["-c", run, "sh", programs.tool, deep, back, again]);
      expect(await listTree(programs.list, back)).toEqual(await listTree(programs.list, deep));
      expect(await listTree(programs.list, again)).toEqual(await listTree(programs.list, deep));
    },
  );

  it.each([
    ["disk", 9 * 2 ** 20 + 1234],
    ["tmpfs", 9 * 2 ** 20 + 1234],
    ["disk", 4 * 2 ** 20],
    ["disk", 4 * 2 ** 20 + 4096],
  ])(
    "carry large files onto a %s unchanged (%i bytes), whichever way their content takes",
    async (kind, bytes) => {
      const [tree, back] = [at(`large-${kind}-${bytes}`), at(`large-back-${kind}-${bytes}`)];
      mkdirSync(tree);
      mkdirSync(back);
      for (const name of ["a", "b", "c"]) writeFileSync(path.join(tree, name), randomBytes(bytes));
      writeFileSync(path.join(tree, "d"), "after them");
      const mount = kind === "tmpfs" ? 'mount -t tmpfs none "$3" &&' : "";
      const run = `${mount} "$1" pack "$2" 2>/dev/null | "$1" untar "$3" 1000 1000000000 && diff -r "$2" "$3"`;
      await execa("unshare", ["-m", "sh", "-c", run, "sh", programs.tool, tree, back]);
    },
  );

  it("keep a file of 1 TiB that is one hole in a few blocks", async () => {
    mkdirSync(at("hole"));
    writeFileSync(at("hole/file"), "");
    truncateSync(at("hole/file"), 2 ** 40);
    mkdirSync(at("hole-back"));
    await pack(programs.tool, at("hole"), at("hole.tar"));
    expect(await untar(programs.tool, at("hole.tar"), at("hole-back"))).toMatchObject({ exitCode: 0 });
    expect(await listTree(programs.list, at("hole-back"))).toEqual(await listTree(programs.list, at("hole")));
    // two headers with records, the map, the end mark
    expect((await execa("stat", ["-c", "%s", at("hole.tar")])).stdout).toBe(String((3 + 3 + 1 + 2) * 512));
  });

  it("stay on one file system when asked to", async () => {
    const tree = await generate("mounted", 3, 20);
    mkdirSync(path.join(tree, "mount"));
    const run = 'mount -t tmpfs none "$2/mount" && touch "$2/mount/other" && "$1" pack "$2" $3 > "$4"';
    const names = async (option: string): Promise<string> => {
      const script = ["-c", run, "sh", programs.tool, tree, option, at("mounted.tar")];
      await execa("unshare", ["-m", "sh", ...script]);
      return (await execa("tar", ["-tf", at("mounted.tar")])).stdout;
    };
    expect(await names("")).toContain("mount/other");
    const without = await names("one-file-system");
    expect(without).toContain("mount/\n");
    expect(without).not.toContain("mount/other");
  });

  it("name the file that cannot be packed", async () => {
    const report = await pack(programs.tool, at("nothing"), at("nothing.tar"));
    expect(report).toMatchObject({ exitCode: 1, number: 2 });
    expect(report.message).toMatch(/nothing": open: No such file or directory/);
  });
});
