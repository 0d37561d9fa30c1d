import { expect } from "vitest";
import type { Bed } from "./harness/bed.ts";
import { ociSuite } from "./harness/suite.ts";

const file = (name: string): string => `/proc/sys/${name.replaceAll(".", "/")}`;

async function run(bed: Bed, sysctl: Record<string, string>, without: readonly string[] = []) {
  const names = Object.keys(sysctl).map((name) => (name.includes("/") ? `/proc/sys/${name}` : file(name)));
  return bed.sh(`cat ${names.join(" ")}`, (config) => {
    config.linux.sysctl = sysctl;
    config.linux.namespaces = config.linux.namespaces.filter(({ type }) => !without.includes(type));
    if (without.includes("uts")) config.hostname = "";
  });
}

ociSuite("linux.sysctl", ({ each }) => {
  each(
    [
      ["kernel.msgmax", "12345"],
      ["kernel.msgmnb", "23456"],
      ["kernel.msgmni", "345"],
      ["kernel.sem", "32000\t1024000000\t500\t32000"],
      ["kernel.shmall", "4567"],
      ["kernel.shmmax", "567890"],
      ["kernel.shmmni", "678"],
      ["kernel.shm_rmid_forced", "1"],
      ["fs.mqueue.msg_max", "7"],
      ["fs.mqueue.queues_max", "77"],
      ["kernel.domainname", "example.org"],
      ["net.ipv4.ip_forward", "1"],
      ["net.ipv4.ip_local_port_range", "20000\t30000"],
      ["net.ipv4.conf.lo.rp_filter", "2"],
      ["net/ipv4/ip_default_ttl", "33"],
    ] as const,
    ([name]) => name,
    async (bed, [name, value]) => {
      expect(await run(bed, { [name]: value })).toEqual({ status: 0, stdout: `${value}\n`, stderr: "" });
    },
    ([name]) => (name.startsWith("net/") ? "sysctls-with-slashes" : undefined),
  );

  each(
    [
      ["of the whole kernel", { "vm.swappiness": "10" }, []],
      ["of the ipc namespace without one", { "kernel.shmmni": "678" }, ["ipc"]],
      ["of the uts namespace without one", { "kernel.domainname": "x" }, ["uts"]],
      ["the host name", { "kernel.hostname": "x" }, []],
    ] as const,
    ([what]) => `refused: ${what}`,
    async (bed, [, sysctl, without]) => {
      const outcome = await run(bed, { ...sysctl }, without);
      expect([outcome.status, outcome.stdout]).toEqual([1, ""]);
      expect(outcome.stderr).toMatch(/sysctl/);
    },
  );
});
