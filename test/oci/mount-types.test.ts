import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

const type = (place: string) => `awk '$5 == "${place}" { sub(/.* - /, ""); print $1 }' /proc/self/mountinfo`;

ociSuite("types of mounts", ({ test, each }) => {
  each(["tmpfs", "ramfs", "devpts", "mqueue", "proc", "sysfs"], String, async (bed, name) => {
    const { stdout, stderr } = await bed.sh(type("/x"), (config) => {
      config.mounts.push({ destination: "/x", type: name, source: name });
    });
    expect([stderr, stdout]).toEqual(["", `${name}\n`]);
  });

  test(
    "an overlay over a tmpfs of the same container",
    async (bed) => {
      const bundle = bed.bundle((config) => {
        config.process.args = ["sh", "-c", "cat /merged/file; echo more > /merged/new; ls /over/upper"];
        config.mounts.push(
          { destination: "/over", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"] },
          {
            destination: "/merged",
            type: "overlay",
            source: "overlay",
            options: ["lowerdir=/over/lower,upperdir=/over/upper,workdir=/over/work"],
          },
        );
      });
      for (const name of ["lower", "upper", "work"])
        mkdirSync(path.join(bundle, "rootfs/over", name), { recursive: true });
      writeFileSync(path.join(bundle, "rootfs/over/lower/file"), "from below\n");
      const { stdout, stderr } = await bed.verb(["run", "--bundle", bundle, bed.newId()]);
      expect([stderr, stdout]).toEqual(["", "from below\nnew\n"]);
    },
    "mounts-inside",
  );

  test("one that the kernel does not have is an error that names mount and type", async (bed) => {
    const { status, stderr } = await bed.sh("true", (config) => {
      config.mounts.push({ destination: "/x", type: "no-such-fs", source: "none" });
    });
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/[`"/]x\b/);
    expect(stderr).toMatch(/no-such-fs|no such device/i);
  });
});
