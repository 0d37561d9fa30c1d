import { readlinkSync, writeFileSync } from "node:fs";
import { expect } from "vitest";
import type { HookKind } from "./harness/config.ts";
import { HookLog, scriptHook } from "./harness/hooks.ts";
import { ociSuite } from "./harness/suite.ts";

const own = (name: string) => readlinkSync(`/proc/self/ns/${name}`);
const namespaces = "readlink /proc/self/ns/net; readlink /proc/self/ns/mnt; readlink /proc/self/ns/uts";
const runtimeKinds: readonly HookKind[] = ["prestart", "createRuntime", "poststart", "poststop"];

ociSuite("where hooks run", ({ test, each }) => {
  each(
    runtimeKinds,
    (kind) => `${kind}: in the runtime's namespaces`,
    async (bed, kind) => {
      const log = new HookLog(bed);
      await bed.run((config) => {
        config.hooks = { [kind]: [log.hook("readlink /proc/self/ns/net; readlink /proc/self/ns/uts")] };
      });
      expect(log.lines()).toEqual([own("net"), own("uts")]);
    },
  );

  test("createContainer: in the container's, with the host's files", async (bed) => {
    const log = new HookLog(bed);
    await bed.run((config) => {
      config.hooks = { createContainer: [log.hook(`${namespaces}; test -e ${bed.directory} && echo files`)] };
    });
    const [net, mount, uts, files] = log.lines();
    expect([net, mount, uts]).not.toContain(own("net"));
    expect(mount).not.toBe(own("mnt"));
    expect(uts).not.toBe(own("uts"));
    expect(files).toBe("files");
  });

  test("createRuntime: the container's network namespace is there to be filled", async (bed) => {
    const log = new HookLog(bed);
    const script =
      'pid=$(tr -d "\\n" | sed "s/.*\\"pid\\": *\\([0-9]*\\).*/\\1/"); readlink /proc/$pid/ns/net; nsenter -t $pid -n ip link add hook0 type veth peer name hook1 && echo added';
    const id = await bed.create((config) => {
      config.hooks = { createRuntime: [log.hook(script)] };
    });
    const { pid } = await bed.state(id);
    expect(log.lines()).toEqual([readlinkSync(`/proc/${pid}/ns/net`), "added"]);
    expect(log.lines()[0]).not.toBe(own("net"));
  });

  test("what createRuntime hooks write into the rootfs is there in the container", async (bed) => {
    const { stdout } = await bed.sh("cat /made-by-hook", (config) => {
      config.hooks = {
        createRuntime: [scriptHook(`echo hello > ${bed.path("bundle-1")}/rootfs/made-by-hook`)],
      };
    });
    expect(stdout).toBe("hello\n");
  });

  test("startContainer: in the container, from its files, where its process will be", async (bed) => {
    const { stdout, stderr } = await bed.sh("cat /seen", (config) => {
      config.hostname = "inside";
      config.process.cwd = "/tmp";
      config.process.user = { uid: 0, gid: 7 };
      config.hooks = {
        startContainer: [
          scriptHook("{ hostname; pwd; id -g; test -e /bin/busybox && echo busybox; } > /seen"),
        ],
      };
    });
    expect([stdout, stderr]).toEqual(["inside\n/tmp\n7\nbusybox\n", ""]);
  });

  test("startContainer: a path of the host does not count", async (bed) => {
    const file = bed.path("host-only");
    writeFileSync(file, "#!/bin/sh\n", { mode: 0o755 });
    const outcome = await bed.sh("echo process", (config) => {
      config.hooks = { startContainer: [{ path: file }] };
    });
    expect(outcome.status).not.toBe(0);
    expect(outcome.stdout).toBe("");
  });
});
