import path from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { eventually, leavesNothing, leftoversOf, useRunv } from "../../harness/leftovers.ts";
import { repositoryRoot } from "../../harness/paths.ts";

const runv = useRunv({ env: { RUNV_ACCEL: "kvm" } });

/** @returns the path of a kernel that KVM cannot go on with */
async function lostKernel(): Promise<string> {
  const source = path.join(repositoryRoot, "test/fixtures/native/lost-kernel.c");
  const output = path.join(runv().directory, "lost-kernel");
  const link = ["-nostdlib", "-static", "-no-pie", "-Wl,-Ttext=0x1000000,--build-id=none"];
  await execa("gcc", [...link, "-o", output, source]);
  return output;
}

test.each(["microvm", "q35"])(
  "a guest on %s that KVM gives up on is an error that says so, at once",
  async (machine) => {
    const id = runv().newId();
    const bundle = runv().bundle({ args: ["true"] });
    const env = { RUNV_KERNEL: await lostKernel(), RUNV_MACHINE: machine };
    const outcome = await runv().detached(["create", "--bundle", bundle, id], id, { env });
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toContain(
      `boot failed (machine ${machine}, accelerator kvm, carrier vhost-vsock)`,
    );
    // Not its silence, which would take the whole of the deadline.
    expect(outcome.stderr).toMatch(
      /the virtual machine ended before its agent answered: qemu has failed: KVM internal error/,
    );
    expect(outcome.stderr).toContain("the guest's console is empty");
    await eventually(() => leftoversOf(runv(), id), []);
  },
);

leavesNothing(runv);
