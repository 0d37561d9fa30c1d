import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

ociSuite("linux.maskedPaths", ({ test }) => {
  test("a file reads as empty, a directory has nothing in it", async (bed) => {
    const { stdout, status } = await bed.sh(
      "wc -c </etc/passwd; ls -A /etc | wc -l; ls -A /root",
      (config) => {
        config.linux.maskedPaths = ["/etc/passwd", "/root", "/no/such/path"];
        config.process.args = ["sh", "-c", "wc -c </etc/passwd; ls -A /bin/../root"];
      },
    );
    expect([stdout, status]).toEqual(["0\n", 0]);
  });
});

ociSuite("linux.readonlyPaths", ({ test }) => {
  test("what is below cannot be written", async (bed) => {
    const script = "echo x >/etc/new; echo $?; echo x >/tmp/new; echo $?";
    const { stdout, stderr } = await bed.sh(
      script,
      (config) => (config.linux.readonlyPaths = ["/etc", "/no/such"]),
    );
    expect(stdout).toBe("1\n0\n");
    expect(stderr).toContain("Read-only file system");
  });

  test("the default ones keep sysctls from being set", async (bed) => {
    const { status, stderr } = await bed.sh("echo 1 >/proc/sys/net/ipv4/ip_forward");
    expect([status, stderr]).toEqual([1, expect.stringMatching(/Read-only file system/)]);
  });
});

ociSuite("root.readonly", ({ each }) => {
  each([true, false], String, async (bed, readonly) => {
    const { status, stderr } = await bed.sh("echo x >/new", (config) => (config.root.readonly = readonly));
    expect(status).toBe(readonly ? 1 : 0);
    if (readonly) expect(stderr).toContain("Read-only file system");
  });
});

ociSuite("mounts", ({ test }) => {
  test("each of the default ones is there, with its options", async (bed) => {
    const { stdout } = await bed.sh("cat /proc/self/mounts");
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" "));
    const mounted = (destination: string) => lines.filter((fields) => fields[1] === destination).at(-1) ?? [];
    expect(mounted("/proc")[2]).toBe("proc");
    expect(mounted("/dev")[2]).toBe("tmpfs");
    expect(mounted("/dev/pts")[2]).toBe("devpts");
    expect(mounted("/dev/mqueue")[2]).toBe("mqueue");
    expect(mounted("/sys")[2]).toBe("sysfs");
    expect(mounted("/sys")[3]?.split(",")).toEqual(
      expect.arrayContaining(["ro", "nosuid", "nodev", "noexec"]),
    );
    expect(mounted("/dev/shm")[3]?.split(",")).toEqual(
      expect.arrayContaining(["rw", "nosuid", "nodev", "noexec"]),
    );
    expect(mounted("/dev/shm")[3]).toContain("size=65536k");
  });

  test("a tmpfs of a given size and mode, on a path that did not exist", async (bed) => {
    const script = "stat -c %a /new/tmp; df -k /new/tmp | awk 'END {print $2}'";
    const { stdout } = await bed.sh(script, (config) => {
      config.mounts.push({
        destination: "/new/tmp",
        type: "tmpfs",
        source: "t",
        options: ["size=1024k", "mode=750"],
      });
    });
    expect(stdout).toBe("750\n1024\n");
  });

  test("a tmpfs of no given mode has that of the directory which it covers", async (bed) => {
    const { stdout } = await bed.sh("stat -c %a /etc; ls -A /etc", (config) => {
      config.mounts.push({ destination: "/etc", type: "tmpfs", source: "t" });
    });
    expect(stdout).toBe("755\n");
  });

  test("later ones cover earlier ones", async (bed) => {
    const { stdout } = await bed.sh("ls -A /over; df -k /over | awk 'END {print $2}'", (config) => {
      config.mounts.push({ destination: "/over", type: "tmpfs", source: "a", options: ["size=1024k"] });
      config.mounts.push({ destination: "/over/deep", type: "tmpfs", source: "b" });
      config.mounts.push({ destination: "/over", type: "tmpfs", source: "c", options: ["size=2048k"] });
    });
    expect(stdout).toBe("2048\n");
  });
});

ociSuite("/dev", ({ test }) => {
  test("the default devices and links", async (bed) => {
    const script =
      "for d in null zero full random urandom tty; do stat -c '%n %t:%T %a' /dev/$d; done; for l in fd stdin stdout stderr ptmx; do readlink /dev/$l; done";
    const { stdout } = await bed.sh(script);
    expect(stdout.trimEnd().split("\n")).toEqual([
      "/dev/null 1:3 666",
      "/dev/zero 1:5 666",
      "/dev/full 1:7 666",
      "/dev/random 1:8 666",
      "/dev/urandom 1:9 666",
      "/dev/tty 5:0 666",
      "/proc/self/fd",
      "/proc/self/fd/0",
      "/proc/self/fd/1",
      "/proc/self/fd/2",
      "pts/ptmx",
    ]);
  });

  test("they work, and others are forbidden", async (bed) => {
    const script =
      "head -c 3 /dev/zero | wc -c; echo x >/dev/null; echo $?; mknod /tmp/mem c 1 1 && cat /tmp/mem";
    const { stdout, stderr, status } = await bed.sh(script, (config) => {
      const all = ["CAP_MKNOD"];
      config.process.capabilities = { bounding: all, effective: all, permitted: all };
    });
    expect(stdout).toBe("3\n0\n");
    expect([status, stderr]).toEqual([1, expect.stringContaining("Operation not permitted")]);
  });
});
