import { afterAll, beforeAll, expect, test } from "vitest";
import { Containerd } from "../../../callers/harness/containerd.ts";
import { eventually } from "../../../harness/leftovers.ts";
import { cgroupsAt, systemdCgroupOf, unitsWith } from "../../../harness/systemd.ts";

const sigkillStatus = 137;

let containerd: Containerd;

beforeAll(async () => {
  containerd = await Containerd.launch();
});

afterAll(async () => {
  await containerd.stop();
});

/** Its clean-up of a shim that has died does not repeat the option. */
test("containerd's containers are in the scope that it names, and leave nothing of it", async () => {
  const id = containerd.id("scoped");
  const unit = `ctr-${containerd.namespace}.scope`;
  const cgroup = `/rtest.slice/${unit}`;
  const place = ["--runc-systemd-cgroup", "--cgroup", `rtest.slice:ctr:${containerd.namespace}`];
  const outcome = await containerd.run(["--detach", ...place, containerd.image, id, "sleep", "1000"]);
  expect(outcome).toEqual({ status: 0, stdout: "", stderr: "" });
  const { pid } = (await containerd.task(id)) ?? { pid: 0 };
  expect(systemdCgroupOf(pid)).toBe(cgroup);
  const exec = await containerd.ctr("task", "exec", "--exec-id", "e1", id, "sh", "-c", "exit 7");
  expect(exec.status).toBe(7);
  await containerd.must("task", "kill", "--signal", "KILL", id);
  await eventually(async () => (await containerd.task(id))?.status, "STOPPED");
  const { stderr } = await containerd.ctr("task", "delete", id);
  expect(stderr).toContain(`exit code ${sigkillStatus}`);
  await containerd.must("container", "rm", id);
  expect([...unitsWith(unit), ...cgroupsAt(cgroup)]).toEqual([]);
  await containerd.expectNothingLeft();
});
