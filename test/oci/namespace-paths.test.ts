import { expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

const why: Readonly<Record<string, RegExp>> = {
  network: /a network namespace of the host/,
  pid: /only containers in one virtual machine can share a pid namespace/,
  ipc: /only containers in one virtual machine can share a ipc namespace/,
  uts: /only containers in one virtual machine can share a uts namespace/,
  mount: /a mount namespace of the host/,
  cgroup: /a cgroup namespace of the host/,
  user: /a user namespace of the host/,
};

ociSuite("a namespace with a path, which a virtual machine cannot join", ({ each, test }) => {
  each(
    Object.keys(why),
    String,
    async (bed, type) => {
      const file = type === "network" ? "net" : type === "mount" ? "mnt" : type;
      const { status, stderr } = await bed.sh("true", (config) => {
        config.linux.namespaces = [
          ...config.linux.namespaces.filter((namespace) => namespace.type !== type),
          { type, path: `/proc/1/ns/${file}` },
        ];
      });
      expect([status, stderr]).toEqual([
        1,
        expect.stringMatching(/config\.json: linux\.namespaces\[\d\]\.path/),
      ]);
      expect(stderr).toMatch(why[type] ?? /^$/);
    },
    () => "refuses-unsupported",
  );

  test(
    "the host's network, asked for by leaving the namespace out",
    async (bed) => {
      const { status, stderr } = await bed.sh("true", (config) => {
        config.linux.namespaces = config.linux.namespaces.filter(({ type }) => type !== "network");
      });
      expect([status, stderr]).toEqual([1, expect.stringContaining("the host's network")]);
    },
    "refuses-unsupported",
  );
});

ociSuite("namespaces that config.json leaves out", ({ test }) => {
  test(
    "a virtual machine gives a pid namespace all the same",
    async (bed) => {
      const { stdout } = await bed.sh("echo $$; kill -9 -1; ls /proc | grep -c '^[0-9]'", (config) => {
        config.linux.namespaces = config.linux.namespaces.filter(({ type }) => type !== "pid");
      });
      const [pid, count] = stdout.trim().split("\n");
      expect([pid, Number(count) <= 3]).toEqual(["1", true]);
    },
    "own-pid-namespace",
  );
});
