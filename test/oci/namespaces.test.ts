import { readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

ociSuite("namespaces", ({ test }) => {
  test("the process is pid 1 and sees nobody else", async (bed) => {
    const { stdout } = await bed.sh("echo $$; ls /proc | grep -c '^[0-9]'");
    const [pid, count] = stdout.trimEnd().split("\n");
    expect(pid).toBe("1");
    // The shell, and the two ends of its pipe.
    expect(Number(count)).toBeLessThanOrEqual(3);
  });

  test("there is one network interface: the loopback", async (bed) => {
    expect((await bed.sh("ls /sys/class/net")).stdout).toBe("lo\n");
  });

  test("config.json names the host, and this machine's name stays", async (bed) => {
    const before = hostname();
    const { stdout } = await bed.sh("hostname", (config) => (config.hostname = "renamed"));
    expect([stdout, hostname()]).toEqual(["renamed\n", before]);
  });

  test("the pid of state is in namespaces of the container's own", async (bed) => {
    const { pid } = await bed.state(await bed.start());
    for (const name of ["net", "mnt", "ipc", "uts"]) {
      expect(readlinkSync(`/proc/${pid}/ns/${name}`)).not.toBe(readlinkSync(`/proc/self/ns/${name}`));
    }
  });

  test("System V shared memory is the container's own", async (bed) => {
    const { stdout } = await bed.sh("cat /proc/sysvipc/shm | wc -l");
    expect(stdout).toBe("1\n");
  });

  test("a sysctl of the network namespace", async (bed) => {
    const { stdout } = await bed.sh("cat /proc/sys/net/ipv4/ip_forward", (config) => {
      config.linux.sysctl = { "net.ipv4.ip_forward": "1" };
    });
    expect(stdout).toBe("1\n");
  });
});
