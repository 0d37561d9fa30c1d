import { expect } from "vitest";
import type { Config } from "./harness/config.ts";
import { ociSuite } from "./harness/suite.ts";

const nodes = (...paths: string[]) => `stat -c '%n %F %t:%T %a %u:%g' ${paths.join(" ")}`;
const tun = { path: "/dev/net/tun", type: "c", major: 10, minor: 200 };

function allow(config: Config, type: string, major: number, minor: number): void {
  config.linux.resources.devices.push({ allow: true, type, major, minor, access: "rwm" });
}

ociSuite("linux.devices", ({ test, each }) => {
  test("the default ones are there", async (bed) => {
    const { stdout, stderr } = await bed.sh(
      nodes("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"),
    );
    expect([stderr, stdout.trim().split("\n")]).toEqual([
      "",
      [
        "/dev/null character special file 1:3 666 0:0",
        "/dev/zero character special file 1:5 666 0:0",
        "/dev/full character special file 1:7 666 0:0",
        "/dev/random character special file 1:8 666 0:0",
        "/dev/urandom character special file 1:9 666 0:0",
        "/dev/tty character special file 5:0 666 0:0",
      ],
    ]);
  });

  test("links of /dev lead where they should", async (bed) => {
    const { stdout } = await bed.sh("for name in fd stdin stdout stderr ptmx; do readlink /dev/$name; done");
    expect(stdout.split("\n").slice(0, 5)).toEqual([
      "/proc/self/fd",
      "/proc/self/fd/0",
      "/proc/self/fd/1",
      "/proc/self/fd/2",
      "pts/ptmx",
    ]);
  });

  test("a character device, with directories above it", async (bed) => {
    const { stdout, stderr } = await bed.sh(nodes("/dev/net/tun"), (config) => {
      config.linux.devices = [tun];
    });
    expect([stderr, stdout]).toEqual(["", "/dev/net/tun character special file a:c8 666 0:0\n"]);
  });

  test("mode, owner and group", async (bed) => {
    const { stdout, stderr } = await bed.sh(nodes("/dev/net/tun"), (config) => {
      config.linux.devices = [{ ...tun, fileMode: 0o640, uid: 7, gid: 8 }];
    });
    expect([stderr, stdout]).toEqual(["", "/dev/net/tun character special file a:c8 640 7:8\n"]);
  });

  test("a block device", async (bed) => {
    const { stdout, stderr } = await bed.sh(nodes("/dev/loop9"), (config) => {
      config.linux.devices = [{ path: "/dev/loop9", type: "b", major: 7, minor: 9 }];
    });
    expect([stderr, stdout]).toEqual(["", "/dev/loop9 block special file 7:9 666 0:0\n"]);
  });

  test(
    "a FIFO, which works",
    async (bed) => {
      const script = `${nodes("/dev/pipe")}; (echo through >/dev/pipe &); cat /dev/pipe`;
      const { stdout, stderr } = await bed.sh(script, (config) => {
        config.linux.devices = [{ path: "/dev/pipe", type: "p", fileMode: 0o600 }];
      });
      expect([stderr, stdout]).toEqual(["", "/dev/pipe fifo 0:0 600 0:0\nthrough\n"]);
    },
    "fifo-devices",
  );

  test("a place that is not below /dev", async (bed) => {
    const { stdout, stderr } = await bed.sh(nodes("/srv/deep/void"), (config) => {
      config.linux.devices = [{ path: "/srv/deep/void", type: "c", major: 1, minor: 3 }];
    });
    expect([stderr, stdout]).toEqual(["", "/srv/deep/void character special file 1:3 666 0:0\n"]);
  });

  test("a default device takes another mode", async (bed) => {
    const { stdout, stderr } = await bed.sh(nodes("/dev/zero"), (config) => {
      config.linux.devices = [
        { path: "/dev/zero", type: "c", major: 1, minor: 5, fileMode: 0o600, uid: 3, gid: 4 },
      ];
    });
    expect([stderr, stdout]).toEqual(["", "/dev/zero character special file 1:5 600 3:4\n"]);
  });

  test("an unbuffered one is a character device", async (bed) => {
    const { stdout, stderr } = await bed.sh(nodes("/dev/raw"), (config) => {
      config.linux.devices = [{ path: "/dev/raw", type: "u", major: 1, minor: 5 }];
    });
    expect([stderr, stdout]).toEqual(["", "/dev/raw character special file 1:5 666 0:0\n"]);
  });

  each(
    ["", "ro"],
    (mode) => (mode === "" ? "/dev is writable" : "they are made in a /dev that is read-only"),
    async (bed, mode) => {
      const { stdout, stderr } = await bed.sh(`${nodes("/dev/net/tun")}; touch /dev/x 2>&1`, (config) => {
        config.linux.devices = [tun];
        config.mounts
          .find(({ destination }) => destination === "/dev")
          ?.options?.push(...mode.split(",").filter((option) => option !== ""));
      });
      const written = mode === "ro" ? "touch: /dev/x: Read-only file system\n" : "";
      expect([stderr, stdout]).toEqual(["", `/dev/net/tun character special file a:c8 666 0:0\n${written}`]);
    },
  );

  test("the node alone gives no right to it", async (bed) => {
    const { stdout } = await bed.sh("cat /dev/mark 2>&1", (config) => {
      config.linux.devices = [{ path: "/dev/mark", type: "c", major: 1, minor: 11 }];
    });
    expect(stdout).toMatch(/Operation not permitted/);
  });

  test(
    "a rule does",
    async (bed) => {
      const { stdout, stderr } = await bed.sh("exec 3<>/dev/net/tun && echo open", (config) => {
        config.linux.devices = [tun];
        allow(config, "c", 10, 200);
      });
      expect([stderr, stdout]).toEqual(["", "open\n"]);
    },
    "tun",
  );

  test(
    "a part of the kernel that the guest's does not have is an error",
    async (bed) => {
      const { status, stderr } = await bed.sh("true", (config) => {
        config.linux.devices = [{ path: "/dev/btrfs-control", type: "c", major: 10, minor: 234 }];
      });
      expect([status, stderr]).toEqual([
        1,
        expect.stringContaining("device /dev/btrfs-control: the guest's kernel has no device c 10:234"),
      ]);
    },
    "refuses-unsupported",
  );

  test(
    "hardware is refused by name",
    async (bed) => {
      const { status, stderr } = await bed.sh("true", (config) => {
        config.linux.devices = [{ path: "/dev/sda", type: "b", major: 8, minor: 0 }];
      });
      expect([status, stderr]).toEqual([
        1,
        expect.stringContaining("linux.devices[0]: /dev/sda (b 8:0): hardware"),
      ]);
    },
    "refuses-unsupported",
  );
});
