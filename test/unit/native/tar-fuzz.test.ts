import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { caseCount } from "../../harness/sample.ts";
import { compileTimeoutMs, pack, scratch, type TarPrograms, tarPrograms } from "./tar-programs.ts";

const mutations = caseCount({ sample: 5_000, full: 200_000 });
const seed = 20_261;
const fuzzTimeoutMs = 1_800_000;

describe("mutated archives", () => {
  let programs: TarPrograms;
  const place = scratch(true);
  const at = (name: string): string => path.join(place.directory, name);

  beforeAll(async () => {
    programs = await tarPrograms();
    for (const name of ["outside/target", "outside/canary", "tree", "links/dir"])
      mkdirSync(at(name), { recursive: true });
    writeFileSync(at("outside/canary/file"), "canary");
    symlinkSync("canary", at("outside/link"));
    symlinkSync("..", at("links/up"));
    symlinkSync("dir", at("links/link"));
    writeFileSync(at("links/dir/x"), "x");
    await execa(programs.generate, [at("tree"), "5", "12", "portable"]);
  }, compileTimeoutMs);
  afterAll(() => place.remove());

  async function bases(): Promise<string[]> {
    const variants = [
      ["--format=gnu", "--sparse"],
      ["--format=posix", "--sparse", "--sparse-version=0.0"],
      ["--format=posix", "--sparse", "--sparse-version=0.1", "--xattrs"],
    ];
    const files = variants.map((_, index) => at(`base-${index}.tar`));
    for (const [index, options] of variants.entries())
      await execa("tar", [...options, "-cf", at(`base-${index}.tar`), "-C", at("tree"), "."]);
    for (const name of ["tree", "links"]) {
      await pack(programs.tool, at(name), at(`${name}.tar`));
      files.push(at(`${name}.tar`));
    }
    return files;
  }

  it(
    `never change anything outside nor break the reader (${mutations} mutations)`,
    async () => {
      const files = await bases();
      const { stdout } = await execa(programs.fuzz, [
        place.directory,
        String(seed),
        String(mutations),
        ...files,
      ]);
      const parsed: unknown = JSON.parse(stdout);
      const counts = new Map<string, unknown>(Object.entries(parsed ?? {}));
      const total = [...counts.values()].reduce<number>((sum, count) => sum + Number(count), 0);
      expect(total).toBe(mutations);
      // both must be frequent, or the mutations test nothing
      expect(Number(counts.get("accepted"))).toBeGreaterThan(mutations / 50);
      expect(Number(counts.get("rejected"))).toBeGreaterThan(mutations / 10);
    },
    fuzzTimeoutMs,
  );
});
