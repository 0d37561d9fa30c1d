import { constants } from "node:os";
import { expect } from "vitest";
import type { Bed } from "./harness/bed.ts";
import { idle, idle32, outcomeOfCalls, recordedProfile, resultsOfCalls } from "./harness/seccomp.ts";
import { ociSuite } from "./harness/suite.ts";

const { EPERM, ENOSYS } = constants.errno;
const killedBySigsys = 128 + constants.signals.SIGSYS;
const x32Bit = 0x40000000;
const rule = { names: ["getppid"], action: "SCMP_ACT_ERRNO" };
const calls = [String(idle.getppid), idle32.getpid, idle32.getppid];

ociSuite("linux.seccomp: architectures", ({ test }) => {
  test("rules hold for programs of 32 bits where the profile lists them", async (bed) => {
    const profile = {
      defaultAction: "SCMP_ACT_ALLOW",
      architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
      syscalls: [rule],
    };
    expect(await resultsOfCalls(bed, profile, calls)).toEqual([`${EPERM}`, "ok", `${EPERM}`]);
  });

  test("an architecture that the profile does not list ends the process", async (bed) => {
    const profile = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [rule] };
    const { status, stdout } = await outcomeOfCalls(bed, profile, calls);
    expect({ status, stdout }).toEqual({ status: killedBySigsys, stdout: `${EPERM}\n` });
  });

  test("rules hold for the numbers of x32 where the profile lists it", async (bed) => {
    const profile = {
      defaultAction: "SCMP_ACT_ALLOW",
      architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X32"],
      syscalls: [rule],
    };
    const call = String(x32Bit | idle.getppid);
    expect(await resultsOfCalls(bed, profile, [call, String(idle.getpid)])).toEqual([`${EPERM}`, "ok"]);
  });

  const newer = async (bed: Bed) => {
    const numbers = ["1000", "i386/1000", String(x32Bit | 1000)];
    const results = await resultsOfCalls(bed, recordedProfile("containerd-1.6.20"), numbers);
    expect(results).toEqual(numbers.map(() => `${ENOSYS}`));
  };
  test("what is newer than the profile does not exist on any of them", newer, "new-syscalls-enosys");
});
