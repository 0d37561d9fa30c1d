import { existsSync, mkdirSync, rmdirSync, rmSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { takeHostPlace } from "../../../../runtime/src/sandbox/host-place.ts";
import { Releases } from "../../../../runtime/src/shared/releases.ts";
import { withTemporaryDirectory } from "../../../harness/temporary-directory.ts";

async function takenPlace(parent: string) {
  const releases = new Releases();
  const place = {
    id: "c1",
    vmDirectory: path.join(parent, "vm"),
    cgroups: ["cgroup", "other-cgroup"].map((name) => path.join(parent, name)),
    systemdCgroup: false,
  };
  const { newCgroups } = await takeHostPlace(place, null, releases, new AbortController().signal);
  expect(newCgroups).toEqual(place.cgroups);
  return { releases, directories: [place.vmDirectory, ...place.cgroups] };
}

test("a place that comes to nothing goes", async () => {
  await withTemporaryDirectory(async (parent) => {
    const { releases, directories } = await takenPlace(parent);
    expect(directories.map((directory) => existsSync(directory))).toEqual([true, true, true]);
    expect(await releases.release()).toEqual([]);
    expect(directories.map((directory) => existsSync(directory))).toEqual([false, false, false]);
  });
});

test("what has taken its place by then stays, and what has gone is no error", async () => {
  await withTemporaryDirectory(async (parent) => {
    const { releases, directories } = await takenPlace(parent);
    const [vmDirectory = "", cgroup = "", gone = ""] = directories;
    for (const directory of [vmDirectory, cgroup]) {
      rmdirSync(directory);
      mkdirSync(directory);
    }
    rmSync(gone, { recursive: true });
    expect(await releases.release()).toEqual([]);
    expect(directories.map((directory) => existsSync(directory))).toEqual([true, true, false]);
  });
});
