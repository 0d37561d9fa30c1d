import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { archive, endMark, entry, pax, seal } from "./tar-blocks.ts";
import { compileTimeoutMs, listTree, scratch, type TarPrograms, tarPrograms, untar } from "./tar-programs.ts";

const badMessage = 74;
const limits = ["100", "65536"];
const file = (name: string) => entry({ name, content: "x" });
const directory = (name: string) => entry({ name, type: "5", mode: "0000755" });
const symlink = (name: string, link: string) => entry({ name, type: "2", link });
const hardLink = (name: string, link: string) => entry({ name, type: "1", link });
const base256 = (...bytes: number[]) => Uint8Array.from(bytes);

/** Archive, and what the error must say. OUT stands for the absolute path of the canary's directory. */
const refused: ReadonlyArray<readonly [what: string, make: (out: string) => Uint8Array, reason: RegExp]> = [
  ["an absolute name", (out) => archive(file(`${out}/pwned`)), /entry ".*pwned": its name is absolute/],
  [
    "an absolute name in a pax record",
    (out) => archive(pax({ path: `${out}/pwned` }), file("x")),
    /is absolute/,
  ],
  ["a .. in front", () => archive(file("../canary/pwned")), /has a ".." component/],
  ["a .. inside", () => archive(file("a/../../canary/pwned")), /has a ".." component/],
  ["a .. at the end", () => archive(directory("a/..")), /has a ".." component/],
  [
    "a .. in a GNU long name",
    () => archive(entry({ name: "L", type: "L", content: "../canary/f\0" }), file("x")),
    /".."/,
  ],
  ["a .. in a GNU sparse name", () => archive(pax({ "GNU.sparse.name": "../canary/f" }), file("x")), /".."/],
  [
    "a symlink, then a file through it",
    (out) => archive(symlink("s", out), file("s/pwned")),
    /"s" on the way to it is not a directory/,
  ],
  [
    "a relative symlink, then a file through it",
    () => archive(symlink("s", "../canary"), file("s/pwned")),
    /not a directory/,
  ],
  [
    "a symlink, then a directory below it",
    () => archive(symlink("s", "../canary"), directory("s/d")),
    /not a directory/,
  ],
  ["a symlink to ., then through it", () => archive(symlink("s", "."), file("s/s/x")), /not a directory/],
  ["a file as a directory", () => archive(file("f"), file("f/x")), /not a directory/],
  ["a device as a directory", () => archive(entry({ name: "d", type: "3" }), file("d/x")), /not a directory/],
  [
    "a hard link to outside",
    () => archive(hardLink("h", "../canary/file")),
    /link target has a ".." component/,
  ],
  [
    "a hard link to an absolute name",
    (out) => archive(hardLink("h", `${out}/canary/file`)),
    /link target is absolute/,
  ],
  [
    "a hard link through a symlink",
    () => archive(symlink("s", "../canary"), hardLink("h", "s/file")),
    /not a directory/,
  ],
  ["a hard link to nothing", () => archive(hardLink("h", "nothing")), /link target "nothing" does not exist/],
  [
    "a hard link to a directory",
    () => archive(directory("d"), hardLink("h", "d")),
    /link target is a directory/,
  ],
  ["a hard link to the target itself", () => archive(hardLink("h", ".")), /link target is a directory/],
  [
    "the target replaced by a symlink",
    (out) => archive(symlink(".", out)),
    /replace the target directory itself/,
  ],
  ["the target replaced by a file", () => archive(file(".")), /replace the target directory itself/],
  ["a file over a full directory", () => archive(file("d/x"), file("d")), /directory that is not empty/],
  ["an empty name", () => archive(file("")), /empty name/],
  ["a NUL in a pax path", () => archive(pax({ path: "a\0b" }), file("x")), /NUL/],
  ["a NUL in a pax link", () => archive(pax({ linkpath: "a\0b" }), symlink("x", "y")), /NUL/],
  ["a symlink to nothing", () => archive(symlink("x", "")), /empty/],
  [
    "a component of 256 bytes",
    () => archive(pax({ path: "a".repeat(256) }), file("x")),
    /component longer than 255/,
  ],
  ["a name of 17,000 bytes", () => archive(pax({ path: "a/".repeat(8500) }), file("x")), /longer than 16384/],
  [
    "a size beyond the limit",
    () => archive(entry({ name: "f", size: "00000200001" })),
    /exceed the limit of 65536/,
  ],
  ["a size of 8 GiB", () => archive(entry({ name: "f", size: "77777777777" })), /exceed the limit/],
  [
    "a size of 2^63",
    () => archive(entry({ name: "f", size: base256(0x80, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0) })),
    /size is malformed/,
  ],
  [
    "a size of 2^63 - 1",
    () =>
      archive(entry({ name: "f", size: base256(0x80, 0, 0, 0, 0x7f, 255, 255, 255, 255, 255, 255, 255) })),
    /too large/,
  ],
  ["a negative size", () => archive(entry({ name: "f", size: new Uint8Array(12).fill(255) })), /negative/],
  ["a size that is no number", () => archive(entry({ name: "f", size: "0000000008x" })), /size is malformed/],
  ["a pax size that is no number", () => archive(pax({ size: "-1" }), file("f")), /not a decimal number/],
  [
    "a pax size that overflows",
    () => archive(pax({ size: "9".repeat(30) }), file("f")),
    /not a decimal number/,
  ],
  [
    "a negative owner",
    () => archive(entry({ name: "f", uid: new Uint8Array(8).fill(255) })),
    /owner is not between/,
  ],
  ["the owner 2^32 - 1", () => archive(pax({ uid: "4294967295" }), file("f")), /owner is not between/],
  [
    "a device number out of range",
    () => archive(entry({ name: "d", type: "4", devmajor: "0777777" })),
    /device number is out of range/,
  ],
  ["a type that is unknown", () => archive(entry({ name: "f", type: "M" })), /type "M" is not supported/],
  ["a multiple of 512 of garbage", () => new Uint8Array(2048).fill(0x41), /checksum/],
  [
    "a header with one bit turned",
    () => archive(file("f")).map((byte, i) => (i === 3 ? byte ^ 1 : byte)),
    /checksum/,
  ],
  ["nothing at all", () => new Uint8Array(), /no end mark/],
  ["no end mark", () => file("f"), /no end mark/],
  ["half a header", () => file("f").subarray(0, 300), /cut off/],
  ["half a file", () => entry({ name: "f", content: "x".repeat(5000) }).subarray(0, 3000), /cut off/],
  ["half a pax header", () => pax({ path: "x".repeat(3000) }).subarray(0, 1000), /cut off/],
  ["a lone zero block", () => Buffer.concat([new Uint8Array(512), file("f"), endMark]), /lone zero block/],
  ["endless zero blocks", () => Buffer.concat([file("f"), new Uint8Array(6 << 20)]), /follow the end mark/],
  ["an extended header and no entry", () => archive(pax({ path: "x" })), /ends after an extended header/],
  [
    "a pax header over 1 MiB",
    () => archive(pax({ comment: "x".repeat(1 << 20) }), file("f")),
    /exceed the limit of 1048576/,
  ],
  [
    "pax headers of together over 1 MiB",
    () => archive(pax({ comment: "x".repeat(600000) }), pax({ comment: "x".repeat(600000) }), file("f")),
    /exceed the limit/,
  ],
  [
    "a pax header of 8 GiB",
    () => archive(entry({ name: "x", type: "x", size: "77777777777" })),
    /exceed the limit/,
  ],
  [
    "too many headers",
    () => archive(...Array.from({ length: 501 }, () => pax({ comment: "x" }))),
    /more than 500 headers/,
  ],
  [
    "too many entries",
    () => archive(...Array.from({ length: 101 }, (_, i) => file(`f${i}`))),
    /more than 100 entries/,
  ],
  [
    "too many implied directories",
    () => archive(pax({ path: `${"d/".repeat(150)}f` }), file("f"), file("g")),
    /more than 100 entries/,
  ],
  [
    "a pax record without newline",
    () => archive(entry({ name: "x", type: "x", content: "9 path=ab" }), file("f")),
    /malformed record/,
  ],
  [
    "a pax record of length 0",
    () => archive(entry({ name: "x", type: "x", content: "0 path=a\n" }), file("f")),
    /malformed record/,
  ],
  [
    "a pax record beyond its header",
    () => archive(entry({ name: "x", type: "x", content: "99 path=a\n" }), file("f")),
    /malformed record/,
  ],
  ["a global path", () => archive(pax({ path: "x" }, "g"), file("f")), /not allowed in a global header/],
  [
    "a global extended attribute",
    () => archive(pax({ "SCHILY.xattr.user.x": "y" }, "g"), file("f")),
    /not allowed in a global header/,
  ],
  [
    "a sparse map that overlaps",
    () =>
      archive(
        pax({ "GNU.sparse.size": "10", "GNU.sparse.map": "0,2,1,2" }),
        entry({ name: "f", content: "abcd" }),
      ),
    /do not ascend/,
  ],
  [
    "a sparse map beyond the size",
    () =>
      archive(
        pax({ "GNU.sparse.size": "3", "GNU.sparse.map": "0,4" }),
        entry({ name: "f", content: "abcd" }),
      ),
    /beyond its size/,
  ],
  [
    "a sparse map that overflows",
    () =>
      archive(
        pax({ "GNU.sparse.size": "3", "GNU.sparse.map": "9223372036854775807,4" }),
        entry({ name: "f", content: "abcd" }),
      ),
    /too large number/,
  ],
  [
    "a sparse map that is too short",
    () =>
      archive(
        pax({ "GNU.sparse.size": "9", "GNU.sparse.map": "0,1" }),
        entry({ name: "f", content: "abcd" }),
      ),
    /does not match its size/,
  ],
  [
    "a sparse map in the content with too many segments",
    () =>
      archive(
        pax({ "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "9" }),
        entry({ name: "f", content: "9999999\n0\n".padEnd(512, "0") }),
      ),
    /too many segments/,
  ],
  [
    "a sparse map in the content that never ends",
    () =>
      archive(
        pax({ "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "9" }),
        entry({ name: "f", content: "1".repeat(512) }),
      ),
    /sparse map is malformed/,
  ],
];

describe("hostile archives", () => {
  let programs: TarPrograms;
  const place = scratch();
  const outside = path.join(place.directory, "outside");
  const target = path.join(outside, "target");
  let number = 0;

  beforeAll(async () => {
    programs = await tarPrograms();
    mkdirSync(target, { recursive: true });
    mkdirSync(path.join(outside, "canary"));
    writeFileSync(path.join(outside, "canary/file"), "canary");
    symlinkSync("canary", path.join(outside, "link"));
  }, compileTimeoutMs);
  afterAll(() => place.remove());

  const surroundings = async (): Promise<string[]> =>
    (await listTree(programs.list, outside)).filter((line) => !line.startsWith("./target"));

  it.each(refused)("refuses %s", async (_what, make, reason) => {
    const own = path.join(target, String(number++));
    mkdirSync(own);
    const before = await surroundings();
    const report = await untar(programs.tool, make(outside), own, limits);
    expect(report).toMatchObject({ exitCode: 1, number: badMessage });
    expect(report.message).toMatch(reason);
    expect(report.message.length).toBeLessThan(600);
    expect(report.message).toMatch(/^[ -~]+$/);
    expect(await surroundings()).toEqual(before);
  });

  it("names an entry of odd bytes in bounded printable text", async () => {
    const name = `../${"\xff\n".repeat(40)}`;
    const report = await untar(programs.tool, archive(file(name)), target, limits);
    expect(report.message).toMatch(/^entry "\.\.\/\\xff\\x0a/);
  });

  it("accepts what only looks hostile", async () => {
    const own = path.join(target, "accepted");
    mkdirSync(own);
    const odd = archive(
      directory("./"),
      file("a//b/./c"),
      symlink("dangling", "/nowhere"),
      file("..."),
      hardLink("again", "dangling"),
      directory("d/"),
      symlink("d", "x"),
      seal(file("old").fill(0, 257, 263).subarray(0, 512)),
      new Uint8Array(512).fill(1),
    );
    expect(await untar(programs.tool, odd, own, limits)).toMatchObject({ exitCode: 0, entries: 8 });
  });

  it("lets a later entry replace an earlier one, never write through it", async () => {
    const own = path.join(target, "replaced");
    mkdirSync(own);
    const twice = archive(
      file("f"),
      hardLink("h", "f"),
      entry({ name: "f", content: "new" }),
      symlink("s", "../../canary/file"),
      entry({ name: "s", content: "own" }),
      directory("d"),
      file("d/kept"),
      entry({ name: "d", type: "5", mode: "0000700" }),
    );
    const before = await surroundings();
    expect(await untar(programs.tool, twice, own, limits)).toMatchObject({ exitCode: 0, entries: 8 });
    const lines = await listTree(programs.list, own);
    expect(lines.map((line) => line.split(" ", 2).join(" "))).toEqual([
      ". 40755",
      "./d 40700",
      "./d/kept 100644",
      "./f 100644",
      "./h 100644",
      "./s 100644",
    ]);
    expect(lines.find((line) => line.startsWith("./f "))).toContain(" 3 bytes");
    expect(lines.find((line) => line.startsWith("./h "))).toContain(" 1 bytes");
    expect(await surroundings()).toEqual(before);
  });
});
