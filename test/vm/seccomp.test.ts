import { constants } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { rootfsWith } from "../harness/guest-programs.ts";
import { leavesNothing, useRunv } from "../harness/leftovers.ts";

const { EAFNOSUPPORT, ENOSYS, EPERM } = constants.errno;
const runv = useRunv();
const openByHandleAt = "304";

/** Lets through all that every container is denied, by default and by name. */
const permissive = {
  defaultAction: "SCMP_ACT_ALLOW",
  architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
  syscalls: [
    { names: ["socket", "socketcall"], action: "SCMP_ACT_LOG" },
    { names: ["io_uring_setup", "open_by_handle_at"], action: "SCMP_ACT_TRACE" },
  ],
};

test("no profile opens what every container is denied", async () => {
  const rootfs = path.join(runv().directory, "rootfs");
  await rootfsWith(rootfs, ["isolation-probe", "syscalls"]);
  const id = await runv().running({
    args: ["sleep", "1000000"],
    capabilities: ["CAP_DAC_READ_SEARCH", "CAP_SYS_ADMIN"],
    rootfs,
    seccomp: permissive,
  });
  const script = `isolation-probe; syscalls ${openByHandleAt}; grep Seccomp_filters /proc/self/status`;
  const stdout = await runv().ok(["exec", id, "sh", "-c", script]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toEqual(
    expect.arrayContaining([
      `stream ${EAFNOSUPPORT}`,
      `wide ${EAFNOSUPPORT}`,
      `x32 ${ENOSYS}`,
      `socket-32 ${EAFNOSUPPORT}`,
      `socketcall-32 ${EAFNOSUPPORT}`,
      `io_uring ${ENOSYS}`,
      "inet 0",
      `${EPERM}`,
      "Seccomp_filters:\t2",
    ]),
  );
});

leavesNothing(runv);
