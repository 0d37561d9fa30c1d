import { constants } from "node:os";
import { expect } from "vitest";
import { recordedProfile, resultsOfCalls } from "./harness/seccomp.ts";
import { ociSuite } from "./harness/suite.ts";

const { EPERM, ENOSYS } = constants.errno;

/** By number and arguments: what comes of it under either profile. Without one, none of them would fail like this. */
const calls = {
  "add_key(2)": ["248", `${EPERM}`],
  "keyctl(2)": ["250:99", `${EPERM}`],
  "name_to_handle_at(2)": ["303", `${EPERM}`],
  "unshare(CLONE_NEWUSER)": ["272:0x10000000", `${EPERM}`],
  "clone3(2)": ["435", `${ENOSYS}`],
  "personality(PER_LINUX32)": ["135:8", "ok"],
  "personality of no name": ["135:0x40000", `${EPERM}`],
  "getpid of 32 bits": ["i386/20", "ok"],
  "keyctl of 32 bits": ["i386/288", `${EPERM}`],
} as const;

ociSuite("linux.seccomp: the profiles that callers bring", ({ each }) => {
  const profiles = ["containerd-1.6.20", "docker-20.10.24"] as const;
  each(
    profiles,
    (name) => `${name}: refuses what it is there for`,
    async (bed, name) => {
      const probes = Object.values(calls).map(([call]) => call);
      const results = await resultsOfCalls(bed, recordedProfile(name), probes);
      expect(Object.fromEntries(Object.keys(calls).map((call, index) => [call, results[index]]))).toEqual(
        Object.fromEntries(Object.entries(calls).map(([call, [, result]]) => [call, result])),
      );
    },
  );

  const work = [
    "mkdir /tmp/a && echo text > /tmp/a/file && ln /tmp/a/file /tmp/a/link && chmod 700 /tmp/a/file",
    "chown 5:6 /tmp/a/link; mknod /tmp/a/fifo p && (echo through > /tmp/a/fifo &) && cat /tmp/a/fifo",
    "find / -xdev | wc -l | grep -qv '^0$' && seq 1000 | sort -rn | head -n 1; ps | grep -q sh && sleep 0.01",
    "kill -0 $$ && id -u; rm -r /tmp/a; uname -s",
  ].join("; ");
  each(
    profiles.flatMap((name) => [true, false].map((noNewPrivileges) => ({ name, noNewPrivileges }))),
    ({ name, noNewPrivileges }) => `${name}: lets ordinary programs work, noNewPrivileges ${noNewPrivileges}`,
    async (bed, { name, noNewPrivileges }) => {
      const { status, stdout, stderr } = await bed.sh(work, (config) => {
        config.linux.seccomp = recordedProfile(name);
        config.process.noNewPrivileges = noNewPrivileges;
        const capabilities = ["CAP_CHOWN", "CAP_KILL", "CAP_MKNOD"];
        config.process.capabilities = {
          bounding: capabilities,
          effective: capabilities,
          permitted: capabilities,
        };
      });
      expect({ status, stdout, stderr }).toEqual({
        status: 0,
        stdout: "through\n1000\n0\nLinux\n",
        stderr: "",
      });
    },
  );
});
