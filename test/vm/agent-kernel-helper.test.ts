import { expect, test } from "vitest";
import { sharedGuest } from "../harness/agent-guest.ts";
import { runContainer, specContainer } from "../harness/container.ts";

const shared = sharedGuest();

test("no program of a container is run by the kernel outside of it", async () => {
  const all = ["CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"];
  const outside = "/../scratch/containers/core/rootfs";
  const script = [
    "mount -o remount,bind,rw /proc/sys",
    `echo '|${outside}/bin/busybox touch ${outside}/tmp/escaped' > /proc/sys/kernel/core_pattern && echo set`,
    "ulimit -c unlimited; sh -c 'kill -SEGV $$'; sleep 1; ls /tmp",
  ].join("; ");
  const request = specContainer("core", ["sh", "-c", script], {
    capabilities: { bounding: all, effective: all, inheritable: [], permitted: all, ambient: [] },
    rlimits: [],
  });
  const { stdout } = await runContainer(shared.agent, shared.guest, {
    ...request,
    rootfs: { driver: "stream", readonly: false },
  });
  expect(stdout.toString()).toBe("set\n");
});
