import { constants } from "node:os";
import { expect } from "vitest";
import type { Change } from "./harness/bed.ts";
import { resultsOfCalls } from "./harness/seccomp.ts";
import { ociSuite } from "./harness/suite.ts";

const { ENOSPC } = constants.errno;

const profile = {
  defaultAction: "SCMP_ACT_ALLOW",
  syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: ENOSPC }],
};
const basic = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];
const basicBits = "0000000020000420";
const administrator = [...basic, "CAP_SYS_ADMIN"];
const administratorBits = "0000000020200420";
const none = "0000000000000000";

function as(uid: number, noNewPrivileges: boolean, capabilities: string[]): Change {
  return (config) => {
    config.linux.seccomp = profile;
    config.process.user = { uid, gid: uid };
    config.process.noNewPrivileges = noNewPrivileges;
    config.process.capabilities = {
      bounding: capabilities,
      effective: capabilities,
      permitted: capabilities,
    };
  };
}

/** What proc(5) says of the process, and whether the profile holds. */
const script = "grep -E '^(CapPrm|CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status; mkdir /tmp/never";

function seen(effective: string, bounding: string, noNewPrivileges: boolean): string {
  const lines = [
    `CapPrm:\t${effective}`,
    `CapEff:\t${effective}`,
    `CapBnd:\t${bounding}`,
    `NoNewPrivs:\t${Number(noNewPrivileges)}`,
    "Seccomp:\t2",
  ];
  return `${lines.join("\n")}\n`;
}

ociSuite("linux.seccomp: the filter holds, and the capabilities are those asked for", ({ each, test }) => {
  each(
    [0, 1000].flatMap((uid) =>
      [true, false].flatMap((noNewPrivileges) => [
        { uid, noNewPrivileges, capabilities: basic, bits: basicBits },
        { uid, noNewPrivileges, capabilities: administrator, bits: administratorBits },
      ]),
    ),
    ({ uid, noNewPrivileges, capabilities }) =>
      `uid ${uid}, noNewPrivileges ${noNewPrivileges}, ${capabilities.length} capabilities`,
    async (bed, { uid, noNewPrivileges, capabilities, bits }) => {
      const { stdout, stderr } = await bed.sh(script, as(uid, noNewPrivileges, capabilities));
      expect(stdout).toBe(seen(uid === 0 ? bits : none, bits, noNewPrivileges));
      expect(stderr).toMatch(/No space left on device/);
    },
  );

  test("a process that waits for its start has no more than its own", async (bed) => {
    const id = await bed.create(as(0, false, [...basic, "CAP_SYS_PTRACE"]));
    const status = await bed.must("exec", id, "grep", "CapEff", "/proc/1/status");
    expect(status).toBe("CapEff:\t0000000020080420\n");
  });

  /** What a static program of glibc makes before and in main, and execve itself. */
  const needed = [
    ...["execve", "brk", "mmap", "mprotect", "munmap", "arch_prctl", "set_tid_address", "set_robust_list"],
    ...["rseq", "prlimit64", "readlink", "readlinkat", "getrandom", "uname", "write", "exit_group", "getpid"],
  ];
  each(
    [
      { noNewPrivileges: true, more: [] },
      { noNewPrivileges: false, more: ["capset", "read"] },
    ],
    ({ noNewPrivileges, more }) =>
      `a profile of what the program makes ${["is enough", ...more].join(", ")}, noNewPrivileges ${noNewPrivileges}`,
    async (bed, { noNewPrivileges, more }) => {
      const narrow = {
        defaultAction: "SCMP_ACT_KILL_PROCESS",
        syscalls: [{ names: [...needed, ...more], action: "SCMP_ACT_ALLOW" }],
      };
      const change: Change = (config) => (config.process.noNewPrivileges = noNewPrivileges);
      expect(await resultsOfCalls(bed, narrow, ["39"], change)).toEqual(["ok"]);
    },
    () => "seccomp-with-execve",
  );
});
