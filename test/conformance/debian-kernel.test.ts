import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { distDirectory, repositoryRoot } from "../harness/paths.ts";

const kernelConfigs = path.join(repositoryRoot, "kernel-configs");
const enabledText = readFileSync(path.join(kernelConfigs, "debian/enabled.txt"), "utf8");
const leftOutText = readFileSync(path.join(kernelConfigs, "debian/left-out.txt"), "utf8");

const isComment = (line: string): boolean => line.startsWith("#");
const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== "");
const linesOf = (text: string): string[] =>
  text.split("\n").filter((line) => line !== "" && !isComment(line));

/** Lines are `KCONFIG-FILE: SYMBOL SYMBOL …`. */
const debian = linesOf(enabledText).flatMap((line) => words(line.replace(/^\S+:/, "")));
const leftOut = linesOf(leftOutText).flatMap(words);
const ours = new Set(
  [...readFileSync(path.join(distDirectory, "guest/config"), "utf8").matchAll(/^CONFIG_(\w+)=[ym]$/gm)].map(
    ([, symbol]) => symbol,
  ),
);

test("what is compared is Debian's kernel of the version that is built", () => {
  const pins = readFileSync(path.join(kernelConfigs, "pins.json"), "utf8");
  const [, packageName, version] =
    /"(linux-source-[\d.]+)": \{ "upstreamVersion": "([\d.]+)"/.exec(pins) ?? [];
  expect(enabledText.split("\n").slice(0, 2).join(" ")).toContain(`${packageName} ${version}-`);
  expect(debian.length).toBeGreaterThan(1000);
});

test("what Debian's kernel has, ours has, or it is left out for a stated reason", () => {
  const stated = new Set(leftOut);
  expect(debian.filter((symbol) => !ours.has(symbol) && !stated.has(symbol))).toEqual([]);
});

test("nothing is stated as left out that ours has, that Debian's has not, or twice", () => {
  const known = new Set(debian);
  expect(leftOut.filter((symbol) => ours.has(symbol) || !known.has(symbol))).toEqual([]);
  expect(leftOut.filter((symbol, index) => leftOut.indexOf(symbol) !== index)).toEqual([]);
});

test("each group of symbols has a reason and each reason a group", () => {
  const [, ...groups] = leftOutText.trimEnd().split("\n\n");
  const lines = groups.map((group) => group.split("\n"));
  expect(lines.filter((group) => !isComment(group[0] ?? "") || isComment(group.at(-1) ?? ""))).toEqual([]);
});
