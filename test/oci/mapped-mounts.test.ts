import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect } from "vitest";
import type { Bed } from "./harness/bed.ts";
import type { MountConfig } from "./harness/config.ts";
import { ociSuite } from "./harness/suite.ts";

/** Only what is copied into a guest of runv can show other ids; runc and crun know no such setting. */
beforeEach(() => {
  process.env["RUNV_VOLUMES"] = "copy";
});
afterEach(() => {
  delete process.env["RUNV_VOLUMES"];
});

const ids = {
  uidMappings: [{ containerID: 1000, hostID: 2000, size: 100 }],
  gidMappings: [{ containerID: 1000, hostID: 3000, size: 100 }],
};

function volume(bed: Bed): string {
  const directory = bed.path("volume");
  mkdirSync(directory);
  writeFileSync(`${directory}/mapped`, "text\n");
  writeFileSync(`${directory}/other`, "");
  chownSync(`${directory}/mapped`, 1005, 1006);
  chmodSync(bed.directory, 0o755);
  return directory;
}

const bind = (bed: Bed, more: Partial<MountConfig>): MountConfig => ({
  destination: "/x",
  type: "bind",
  source: volume(bed),
  ...more,
});

ociSuite("a bind mount with mapped ids", ({ test }) => {
  test(
    "shows the ids as the mapping says, and others as nobody",
    async (bed) => {
      const { stdout } = await bed.sh("stat -c %u:%g /x/mapped /x/other", (config) => {
        config.mounts.push(bind(bed, { options: ["bind", "idmap"], ...ids }));
      });
      expect(stdout).toBe("2005:3006\n65534:65534\n");
    },
    "mapped-mounts",
  );

  test(
    "leaves the source as it is",
    async (bed) => {
      const { status } = await bed.sh("true", (config) => {
        config.mounts.push(bind(bed, { options: ["bind", "idmap"], ...ids }));
      });
      const { uid, gid } = statSync(bed.path("volume/mapped"));
      expect([status, uid, gid]).toEqual([0, 1005, 1006]);
    },
    "mapped-mounts",
  );

  test(
    "a file alone, read-only",
    async (bed) => {
      const { stdout } = await bed.sh("stat -c %u /x; cat /x; echo more 2>&1 >>/x", (config) => {
        config.mounts.push({
          ...bind(bed, { options: ["bind", "ro", "idmap"], ...ids }),
          source: bed.path("volume/mapped"),
        });
      });
      expect(stdout).toContain("2005\ntext\n");
    },
    "mapped-mounts",
  );

  test(
    "with idmap alone the user namespace's mapping counts",
    async (bed) => {
      const bundle = bed.bundle((config) => {
        config.process.args = ["stat", "-c", "%u:%g", "/x/mapped"];
        config.linux.namespaces.push({ type: "user" });
        config.linux.uidMappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
        config.linux.gidMappings = [{ containerID: 0, hostID: 200_000, size: 65_536 }];
        config.mounts.push(bind(bed, { options: ["rbind", "ridmap"] }));
      });
      // The container's root may not make it: the root file system is the host's root's.
      for (const name of ["proc", "dev", "sys", "x"])
        mkdirSync(`${bundle}/rootfs/${name}`, { recursive: true });
      const { stdout } = await bed.verb(["run", "--bundle", bundle, bed.newId()]);
      expect(stdout).toBe("1005:1006\n");
    },
    "mapped-mounts",
  );
});

ociSuite("a bind mount in a user namespace", ({ test }) => {
  test("of a file alone", async (bed) => {
    const bundle = bed.bundle((config) => {
      config.process.args = ["cat", "/etc/passwd"];
      config.linux.namespaces.push({ type: "user" });
      config.linux.uidMappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
      config.linux.gidMappings = [{ containerID: 0, hostID: 200_000, size: 65_536 }];
      config.mounts.push({
        ...bind(bed, { options: ["bind"] }),
        source: bed.path("volume/mapped"),
        destination: "/etc/passwd",
      });
    });
    // The container's root may make nothing: the root file system is the host's root's.
    for (const name of ["proc", "dev", "sys"]) mkdirSync(`${bundle}/rootfs/${name}`, { recursive: true });
    const { stdout, stderr } = await bed.verb(["run", "--bundle", bundle, bed.newId()]);
    expect([stdout, stderr.replace(/.*is copied into the guest.*\n/, "")]).toEqual(["text\n", ""]);
  });
});

ociSuite("a bind mount that is shared with a guest", ({ test }) => {
  test(
    "cannot have its ids mapped, which is said",
    async (bed) => {
      delete process.env["RUNV_VOLUMES"];
      const { status, stderr } = await bed.sh("true", (config) => {
        config.mounts.push(bind(bed, { options: ["bind", "idmap"], ...ids }));
      });
      expect([status, stderr]).toEqual([
        1,
        expect.stringContaining("mount bind on /x: map ids: the file system"),
      ]);
    },
    "refuses-unsupported",
  );
});
