import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import { expect } from "vitest";
import type { Bed, Change } from "./harness/bed.ts";
import type { Config } from "./harness/config.ts";
import { runProgram } from "./harness/run-program.ts";
import { ociSuite } from "./harness/suite.ts";

const first = 100_000;
const firstGroup = 200_000;
const count = 65_536;

function mapped(config: Config): void {
  config.linux.namespaces.push({ type: "user" });
  config.linux.uidMappings = [{ containerID: 0, hostID: first, size: count }];
  config.linux.gidMappings = [{ containerID: 0, hostID: firstGroup, size: count }];
}

/** A bundle whose files belong to the container's root, below directories that it may enter. @returns its directory. */
function ownBundle(bed: Bed, change: Change): string {
  const bundle = bed.bundle((config) => {
    mapped(config);
    change(config);
  });
  chmodSync(bed.directory, 0o755);
  execFileSync("chown", ["-R", `${first}:${firstGroup}`, path.join(bundle, "rootfs")]);
  return bundle;
}

async function sh(bed: Bed, script: string, change: Change = () => undefined) {
  const bundle = ownBundle(bed, (config) => {
    config.process.args = ["sh", "-c", script];
    change(config);
  });
  return bed.verb(["run", "--bundle", bundle, bed.newId()]);
}

async function start(bed: Bed, change: Change = () => undefined): Promise<string> {
  const id = bed.newId();
  const bundle = ownBundle(bed, (config) => {
    config.process.args = ["sleep", "1000"];
    change(config);
  });
  const create = bed.argv("create", "--bundle", bundle, id);
  const { status } = await runProgram(["sh", "-c", 'exec "$@" >/dev/null 2>&1', "sh", ...create]);
  expect(status).toBe(0);
  await bed.must("start", id);
  return id;
}

const words = (text: string) => text.trim().split(/\s+/).map(Number);

ociSuite("a user namespace", ({ test }) => {
  test("is no way around linux.seccomp", async (bed) => {
    const syscalls = [
      { names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: constants.errno.ENOSPC },
    ];
    const { status, stderr } = await sh(bed, "mkdir /tmp/never", (config) => {
      config.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls };
      config.process.noNewPrivileges = false;
    });
    expect([status, stderr]).toEqual([1, expect.stringContaining("No space left on device")]);
  });

  test("maps the ids that config.json says", async (bed) => {
    const { stdout } = await sh(bed, "cat /proc/self/uid_map; cat /proc/self/gid_map; id -u; id -g");
    const [uids = "", gids = "", uid, gid] = stdout.split("\n");
    expect([words(uids), words(gids)]).toEqual([
      [0, first, count],
      [0, firstGroup, count],
    ]);
    expect([uid, gid]).toEqual(["0", "0"]);
  });

  test("several ranges are mapped in order", async (bed) => {
    const { stdout, stderr } = await sh(bed, "cat /proc/self/uid_map", (config) => {
      config.linux.uidMappings = [
        { containerID: 0, hostID: first, size: 1000 },
        { containerID: 1000, hostID: 300_000, size: 1 },
      ];
    });
    expect([stderr, words(stdout)]).toEqual(["", [0, first, 1000, 1000, 300_000, 1]]);
  });

  test("files that belong to its root belong to root inside, and others to nobody", async (bed) => {
    const bundle = ownBundle(bed, (config) => {
      config.process.args = ["stat", "-c", "%u:%g", "/bin", "/foreign"];
    });
    writeFileSync(path.join(bundle, "rootfs/foreign"), "");
    const { stdout } = await bed.verb(["run", "--bundle", bundle, bed.newId()]);
    expect(stdout).toBe("0:0\n65534:65534\n");
  });

  test("its root makes files that are root's, and gives them away", async (bed) => {
    const { stdout, stderr } = await sh(
      bed,
      "touch /new && chown 5:7 /new && stat -c %u:%g /new /dev/shm",
      (config) => {
        config.process.capabilities = Object.fromEntries(
          ["bounding", "effective", "permitted"].map((set) => [set, ["CAP_CHOWN"]]),
        );
      },
    );
    expect([stderr, stdout]).toEqual(["", "5:7\n0:0\n"]);
  });

  test("its root has no right to what is not mapped", async (bed) => {
    const bundle = ownBundle(bed, (config) => {
      config.process.args = ["cat", "/secret"];
    });
    writeFileSync(path.join(bundle, "rootfs/secret"), "text", { mode: 0o600 });
    const { status, stderr } = await bed.verb(["run", "--bundle", bundle, bed.newId()]);
    expect([status, stderr]).toEqual([1, expect.stringContaining("Permission denied")]);
  });

  test("the process is a user other than root, with groups", async (bed) => {
    const { stdout } = await sh(bed, "id -u; id -g; id -G; cat /proc/self/setgroups", (config) => {
      config.process.user = { uid: 1000, gid: 1001, additionalGids: [10, 20] };
    });
    expect(stdout).toBe("1000\n1001\n1001 10 20\nallow\n");
  });

  test("an id that is not mapped is refused", async (bed) => {
    const { status, stderr } = await sh(bed, "true", (config) => {
      config.process.user = { uid: count + 1, gid: 0 };
    });
    expect(status).not.toBe(0);
    expect(stderr).not.toBe("");
  });

  test("default devices work", async (bed) => {
    const { stdout, stderr } = await sh(
      bed,
      "echo lost >/dev/null && head -c 4 /dev/zero | wc -c && test -c /dev/full",
    );
    expect([stdout, stderr]).toEqual(["4\n", ""]);
  });

  test("limits above the usual ones are set", async (bed) => {
    const { stdout, stderr } = await sh(bed, "ulimit -n; ulimit -Hn", (config) => {
      config.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 2000, hard: 6000 }];
    });
    expect([stdout, stderr]).toEqual(["2000\n6000\n", ""]);
  });

  test("exec is in it", async (bed) => {
    const id = await start(bed);
    const { stdout, stderr } = await bed.verb(["exec", id, "sh", "-c", "cat /proc/self/uid_map; id -u"]);
    const [map = "", uid] = stdout.split("\n");
    expect([stderr, words(map), uid]).toEqual(["", [0, first, count], "0"]);
  });

  test(
    "exec as another user writes to its output",
    async (bed) => {
      const id = await start(bed);
      // A pipe: sockets, which this process would give it, cannot be opened again.
      const exec = bed.argv("exec", "--user", "5:6", id, "sh", "-c", "id -u; echo again > /dev/stdout");
      const { stdout, stderr } = await runProgram(["sh", "-c", '"$@" | cat', "sh", ...exec]);
      expect([stdout, stderr]).toEqual(["5\nagain\n", ""]);
    },
    "exec-owns-streams",
  );

  test(
    "makes control groups below its own where they are mounted writable",
    async (bed) => {
      const script =
        "mkdir /sys/fs/cgroup/sub && echo $$ > /sys/fs/cgroup/sub/cgroup.procs && cat /proc/self/cgroup";
      const { stdout, stderr } = await sh(bed, script, (config) => {
        config.linux.namespaces.push({ type: "cgroup" });
        config.mounts.push({
          destination: "/sys/fs/cgroup",
          type: "cgroup",
          source: "cgroup",
          options: ["nosuid"],
        });
      });
      expect([stderr, stdout]).toEqual(["", "0::/sub\n"]);
    },
    "cgroup2-limits",
  );

  test(
    "and not where they are mounted read-only",
    async (bed) => {
      const { stdout } = await sh(bed, "mkdir /sys/fs/cgroup/sub 2>&1", (config) => {
        config.linux.namespaces.push({ type: "cgroup" });
        config.mounts.push({
          destination: "/sys/fs/cgroup",
          type: "cgroup",
          source: "cgroup",
          options: ["ro"],
        });
      });
      expect(stdout).toMatch(/Read-only file system/);
    },
    "cgroup2-limits",
  );

  test("a terminal belongs to the user", async (bed) => {
    const script = "tty; stat -c %u $(tty)";
    const bundle = ownBundle(bed, (config) => {
      config.process.args = ["sh", "-c", script];
      config.process.terminal = true;
      config.process.user = { uid: 1000, gid: 1000 };
    });
    const argv = bed.argv("run", "--bundle", bundle, bed.newId());
    const command = argv.map((word) => `'${word}'`).join(" ");
    const { stdout } = await runProgram(["script", "-qefc", command, "/dev/null"], { stdin: "" });
    expect(stdout.replaceAll("\r", "")).toContain("/dev/pts/0\n1000\n");
  });

  test(
    "exec as a user who is not mapped is refused",
    async (bed) => {
      const id = await start(bed);
      const { status, stderr } = await bed.verb(["exec", "--user", "70000", id, "true"]);
      expect([status, stderr]).toEqual([255, expect.stringContaining("uid 70000 is not mapped")]);
    },
    "refuses-unsupported",
  );

  test("a sysctl of its network namespace", async (bed) => {
    const { stdout, stderr } = await sh(bed, "cat /proc/sys/net/ipv4/ip_forward", (config) => {
      config.linux.sysctl = { "net.ipv4.ip_forward": "1" };
    });
    expect([stdout, stderr]).toEqual(["1\n", ""]);
  });

  test(
    "mappings without the namespace are refused",
    async (bed) => {
      const { status, stderr } = await bed.sh("true", (config) => {
        config.linux.uidMappings = [{ containerID: 0, hostID: first, size: count }];
        config.linux.gidMappings = [{ containerID: 0, hostID: firstGroup, size: count }];
      });
      expect(status).not.toBe(0);
      expect(stderr.toLowerCase()).toMatch(/user namespace|type user/);
    },
    "checked-mappings",
  );

  test("the host's own tables say nothing of it", async (bed) => {
    const before = readFileSync("/proc/self/uid_map", "utf8");
    await sh(bed, "true");
    expect(readFileSync("/proc/self/uid_map", "utf8")).toBe(before);
  });
});
