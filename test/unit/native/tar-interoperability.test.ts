import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  compileTimeoutMs,
  listTree,
  pack,
  scratch,
  type TarPrograms,
  tarPrograms,
  untar,
} from "./tar-programs.ts";

const entries = 300;
const treeTimeoutMs = 120_000;
const allXattrs = ["--xattrs", "--xattrs-include=*"];
const gnuUnpack = ["tar", ...allXattrs, "-xpf"];
const bsdUnpack = ["bsdtar", "-xpf"];

/** Who writes, with what, of which tree, and whose unpacking ours must equal. */
const writers: ReadonlyArray<readonly [tree: "portable" | "plain", pack: string[], unpack: string[]]> = [
  ["portable", ["tar", "--format=gnu", "--sparse", "-cf"], gnuUnpack],
  ["portable", ["tar", "--format=oldgnu", "--sparse", "-cf"], gnuUnpack],
  ["portable", ["tar", "--format=posix", ...allXattrs, "-cf"], gnuUnpack],
  ["portable", ["tar", "--format=posix", "--sparse", "--sparse-version=0.0", ...allXattrs, "-cf"], gnuUnpack],
  ["portable", ["tar", "--format=posix", "--sparse", "--sparse-version=0.1", ...allXattrs, "-cf"], gnuUnpack],
  ["portable", ["tar", "--format=posix", "--sparse", "--sparse-version=1.0", ...allXattrs, "-cf"], gnuUnpack],
  ["plain", ["tar", "--format=ustar", "-cf"], gnuUnpack],
  ["portable", ["bsdtar", "--format", "pax", "-cf"], bsdUnpack],
  ["plain", ["bsdtar", "--format", "gnutar", "-cf"], bsdUnpack],
  ["plain", ["bsdtar", "--format", "ustar", "-cf"], bsdUnpack],
  // busybox loses too much when it unpacks itself
  ["plain", ["busybox", "tar", "-cf"], gnuUnpack],
];

describe("archives of and for others", () => {
  let programs: TarPrograms;
  const place = scratch();
  const at = (name: string): string => path.join(place.directory, name);
  const original = new Map<string, string[]>();

  beforeAll(async () => {
    programs = await tarPrograms();
    for (const kind of ["portable", "plain"]) {
      mkdirSync(at(kind));
      await execa(programs.generate, [at(kind), "7", String(entries), kind]);
      original.set(kind, await listTree(programs.list, at(kind)));
    }
  }, compileTimeoutMs);
  afterAll(() => place.remove());

  /** bsdtar does not set the time of the directory that it unpacks into. */
  const withoutRoot = (lines: string[]): string[] => lines.filter((line) => !line.startsWith(". "));

  async function unpacked(name: string, unpack: () => Promise<unknown>): Promise<string[]> {
    rmSync(at(name), { recursive: true, force: true });
    mkdirSync(at(name));
    await unpack();
    const lines = await listTree(programs.list, at(name));
    rmSync(at(name), { recursive: true });
    return withoutRoot(lines);
  }

  it.each(writers)(
    "unpack as the others do: a %s tree from %j",
    async (tree, [writer = "", ...options], [reader = "", ...readOptions]) => {
      const file = at("archive.tar");
      // writers warn (and fail) about names they cannot translate; what is in the archive counts
      await execa(writer, [...options, file, "-C", at(tree), "."], { reject: false });
      const ours = await unpacked("ours", async () => {
        expect(await untar(programs.tool, file, at("ours"))).toMatchObject({ exitCode: 0 });
      });
      const theirs = await unpacked("theirs", async () =>
        execa(reader, [...readOptions, file, "-C", at("theirs")], { reject: false }),
      );
      expect(ours).toHaveLength(entries);
      expect(ours).toEqual(theirs);
    },
    treeTimeoutMs,
  );

  it.each([gnuUnpack, bsdUnpack])("are read by %s", async (...command) => {
    const [reader = "", ...options] = command;
    await pack(programs.tool, at("portable"), at("own.tar"));
    const theirs = await unpacked("theirs", async () =>
      execa(reader, [...options, at("own.tar"), "-C", at("theirs")]),
    );
    expect(theirs).toEqual(withoutRoot(original.get("portable") ?? []));
  });
});
