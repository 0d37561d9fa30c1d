import { once } from "node:events";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { busyboxRootfs } from "../../harness/bundle.ts";
import { eventually, leavesNothing, leftoversOf, useRunv } from "../../harness/leftovers.ts";
import { exitStatus, type Runv } from "../../harness/runv.ts";

const mib = 1_048_576;
const limitBytes = 128 * mib;
/** More than the container may keep of it, and than its machine has in all. */
const fileMib = 192;
const sigkillStatus = 137;

/** A file of the container's cgroup on this host, which has version 2 alone. */
function hostFile(id: string, name: string): string {
  return path.join("/sys/fs/cgroup/runv", id, name);
}

function hostEvents(id: string): Readonly<Record<string, number>> {
  const lines = readFileSync(hostFile(id, "memory.events"), "utf8").trim().split("\n");
  return Object.fromEntries(lines.map((line) => [line.split(" ")[0] ?? "", Number(line.split(" ")[1])]));
}

/** A running container with a root file system that it may fill. */
async function limited(runv: Runv): Promise<string> {
  const rootfs = path.join(runv.directory, `rootfs-${runv.ids.length}`);
  cpSync(busyboxRootfs(), rootfs, { recursive: true, verbatimSymlinks: true });
  return runv.running({
    args: ["sleep", "1000000"],
    rootfs,
    resources: { memory: { limit: limitBytes } },
  });
}

describe.each(["stream", "virtiofs", "9p"])("a busy container on %s", (driver) => {
  const runv = useRunv({ env: { RUNV_ROOTFS: driver, RUNV_VIRTIOFSD: "/usr/lib/qemu/virtiofsd" } });
  let id = "";

  test("has a bound on the host", async () => {
    id = await limited(runv());
    expect(Number(readFileSync(hostFile(id, "memory.max"), "utf8"))).toBeGreaterThan(limitBytes);
  });

  test("fills its memory, and is killed in the guest alone", async () => {
    const { status } = await runv().run(["exec", id, "tail", "/dev/zero"]);
    expect(status).toBe(sigkillStatus);
    expect(await runv().status(id)).toBe("running");
    expect(hostEvents(id)).toMatchObject({ oom: 0, oom_kill: 0 });
  });

  test("writes and reads more than its memory, and its machine lives", async () => {
    const script = `dd if=/dev/zero of=/big bs=1M count=${fileMib} 2>/dev/null && cat /big | wc -c && rm /big`;
    expect(await runv().ok(["exec", id, "sh", "-c", script])).toBe(`${fileMib * mib}\n`);
    expect(hostEvents(id)).toMatchObject({ oom: 0, oom_kill: 0 });
    expect(await runv().ok(["exec", id, "echo", "lives"])).toBe("lives\n");
    // All of that was the machine's, to the host.
    expect(Number(readFileSync(hostFile(id, "memory.peak"), "utf8"))).toBeGreaterThan(limitBytes);
  });

  leavesNothing(runv);
});

describe("a machine that takes more than its bound", () => {
  const runv = useRunv({ env: { RUNV_ROOTFS: "stream" } });

  test("is killed, with all that stands for its processes", async () => {
    const id = await limited(runv());
    const exec = runv().start(
      ["exec", id, "sh", "-c", "echo runs; sleep 1000000"],
      ["ignore", "pipe", "inherit"],
    );
    if (exec.stdout !== null) await once(exec.stdout, "data");
    // Less than it has touched by now; without swap, a guest's memory cannot be taken away.
    writeFileSync(hostFile(id, "memory.max"), String(24 * mib));
    expect(await exitStatus(exec)).toBe(sigkillStatus);
    await eventually(async () => runv().status(id), "stopped");
    await runv().ok(["delete", id]);
    await eventually(() => leftoversOf(runv(), id), []);
  });

  leavesNothing(runv);
});
