import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import type { Bed, Change } from "./harness/bed.ts";
import { ociSuite } from "./harness/suite.ts";

async function sh(bed: Bed, script: string, change: Change) {
  const bundle = bed.bundle((config) => {
    config.process.args = ["sh", "-c", script];
    change(config);
  });
  const tree = path.join(bundle, "rootfs/tree");
  mkdirSync(path.join(tree, "below"), { recursive: true });
  writeFileSync(path.join(tree, "file"), "secret\n");
  return bed.verb(["run", "--bundle", bundle, bed.newId()]);
}

ociSuite("linux.maskedPaths", ({ test }) => {
  test("a file reads as empty", async (bed) => {
    const { stdout, stderr } = await sh(bed, "cat /tree/file; ls /tree", (config) => {
      config.linux.maskedPaths = ["/tree/file"];
    });
    expect([stderr, stdout]).toEqual(["", "below\nfile\n"]);
  });

  test("a directory is empty and cannot be written", async (bed) => {
    const { stdout } = await sh(bed, "ls -A /tree; touch /tree/x 2>&1", (config) => {
      config.linux.maskedPaths = ["/tree"];
    });
    expect(stdout).toBe("touch: /tree/x: Read-only file system\n");
  });

  test("what is not there is left alone", async (bed) => {
    const { status, stderr } = await sh(bed, "test ! -e /tree/none", (config) => {
      config.linux.maskedPaths = ["/tree/none"];
    });
    expect([status, stderr]).toEqual([0, ""]);
  });
});

ociSuite("linux.readonlyPaths", ({ test }) => {
  test("a directory is read but not written", async (bed) => {
    const { stdout } = await sh(
      bed,
      "cat /tree/file; touch /tree/x 2>&1; touch /else && echo else",
      (config) => {
        config.linux.readonlyPaths = ["/tree"];
      },
    );
    expect(stdout).toBe("secret\ntouch: /tree/x: Read-only file system\nelse\n");
  });

  test("a file is read but not written", async (bed) => {
    const { stdout } = await sh(
      bed,
      "cat /tree/file; echo x 2>&1 >>/tree/file; touch /tree/x && echo beside",
      (config) => {
        config.linux.readonlyPaths = ["/tree/file"];
      },
    );
    expect(stdout).toMatch(/^secret\n.*beside\n$/s);
    expect(stdout).toContain("beside");
  });

  test("what is not there is left alone", async (bed) => {
    const { status, stderr } = await sh(bed, "true", (config) => {
      config.linux.readonlyPaths = ["/tree/none"];
    });
    expect([status, stderr]).toEqual([0, ""]);
  });
});
