import { constants } from "node:os";
import { expect } from "vitest";
import type { SeccompConfig } from "./harness/config.ts";
import { idle, outcomeOfCalls, recordedProfile, resultsOfCalls } from "./harness/seccomp.ts";
import { ociSuite } from "./harness/suite.ts";

const { EPERM, ENOSPC, ENOSYS, E2BIG } = constants.errno;
const killedBySigsys = 128 + constants.signals.SIGSYS;
const getppid = String(idle.getppid);

/** All may be called but getppid. */
function against(action: string, errnoRet?: number) {
  return {
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [{ names: ["getppid"], action, ...(errnoRet === undefined ? {} : { errnoRet }) }],
  };
}

ociSuite("linux.seccomp: what an action does", ({ test, each }) => {
  each(
    [
      { what: "SCMP_ACT_ERRNO is EPERM", profile: against("SCMP_ACT_ERRNO"), result: `${EPERM}` },
      { what: "errnoRet is what fails", profile: against("SCMP_ACT_ERRNO", ENOSPC), result: `${ENOSPC}` },
      { what: "an errnoRet of 0 is success", profile: against("SCMP_ACT_ERRNO", 0), result: "ok" },
      {
        what: "SCMP_ACT_TRACE without a tracer is ENOSYS",
        profile: against("SCMP_ACT_TRACE"),
        result: `${ENOSYS}`,
      },
      { what: "SCMP_ACT_LOG lets through", profile: against("SCMP_ACT_LOG"), result: "ok" },
      { what: "SCMP_ACT_ALLOW lets through", profile: against("SCMP_ACT_ALLOW"), result: "ok" },
    ],
    ({ what }) => what,
    async (bed, { profile, result }) => {
      expect(await resultsOfCalls(bed, profile, [getppid, String(idle.getpid)])).toEqual([result, "ok"]);
    },
  );

  each(
    ["SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP"],
    (action) => `${action} ends the process by SIGSYS`,
    async (bed, action) => {
      const calls = [String(idle.getpid), getppid, String(idle.getpid)];
      const { status, stdout } = await outcomeOfCalls(bed, against(action), calls);
      expect({ status, stdout }).toEqual({ status: killedBySigsys, stdout: "ok\n" });
    },
  );

  test("the later of two rules about one system call does not loosen the first", async (bed) => {
    const profile = {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [
        { names: ["getppid"], action: "SCMP_ACT_ERRNO", errnoRet: ENOSPC },
        { names: ["getpid", "getppid"], action: "SCMP_ACT_ALLOW" },
      ],
    };
    expect(await resultsOfCalls(bed, profile, [getppid])).toEqual([`${ENOSPC}`]);
  });

  test("what is said twice counts once", async (bed) => {
    const rule = { names: ["getppid", "getppid"], action: "SCMP_ACT_ERRNO" };
    const profile = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [rule, rule] };
    expect(await resultsOfCalls(bed, profile, [getppid])).toEqual([`${EPERM}`]);
  });

  test("names that nobody knows are passed over", async (bed) => {
    const names = ["no_such_call", "getppid", "another_one"];
    const profile = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names, action: "SCMP_ACT_ERRNO" }] };
    expect(await resultsOfCalls(bed, profile, [getppid])).toEqual([`${EPERM}`]);
  });
});

/** containerd's profile without a system call. */
function withoutCall(name: string, change: Partial<SeccompConfig>): SeccompConfig {
  const profile = recordedProfile("containerd-1.6.20");
  const syscalls = (profile.syscalls ?? []).map((rule) => ({
    ...rule,
    names: rule.names.filter((other) => other !== name),
  }));
  return { ...profile, ...change, syscalls };
}

/** Newer than all system calls of any kernel yet. */
const futureCall = "1000";

ociSuite("linux.seccomp: what no rule is about", ({ each }) => {
  each(
    [
      { what: "defaultAction holds", change: {}, result: EPERM },
      { what: "defaultErrnoRet is its errno", change: { defaultErrnoRet: E2BIG }, result: E2BIG },
    ],
    ({ what }) => what,
    async (bed, { change, result }) => {
      expect(await resultsOfCalls(bed, withoutCall("getppid", change), [getppid])).toEqual([`${result}`]);
    },
  );

  each(
    ["SCMP_ACT_ERRNO", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP"],
    (defaultAction) => `what is newer than the profile does not exist, instead of ${defaultAction}`,
    async (bed, defaultAction) => {
      const profile = withoutCall("getppid", { defaultAction });
      expect(await resultsOfCalls(bed, profile, [futureCall, String(idle.getpid)])).toEqual([
        `${ENOSYS}`,
        "ok",
      ]);
    },
    () => "new-syscalls-enosys",
  );
});
