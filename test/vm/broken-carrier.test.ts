import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { expect, type TestContext, test } from "vitest";
import { rootfsWith } from "../harness/guest-programs.ts";
import { type HostProcess, hostProcesses } from "../harness/host-processes.ts";
import { eventually, leavesNothing, leftoversOf, useRunv } from "../harness/leftovers.ts";
import { distDirectory } from "../harness/paths.ts";
import { randomFile } from "../harness/random-file.ts";
import { exitStatus } from "../harness/runv.ts";
import { cgroupMembers, piecesOf } from "../harness/vm-pieces.ts";

/** The carrier that is a process of its own: the kernel's cannot break. */
const runv = useRunv({ env: { RUNV_CARRIER: "vhost-user-vsock" } });
/** Much more than is on its way at once. */
const rootfsBytes = 256 * 1_048_576;

function skipWithoutProgram(context: TestContext): void {
  if (existsSync("/dev/vhost-vsock"))
    context.skip("the kernel carries vsock here: there is no vhost-device-vsock");
}

test("a carrier that breaks during the hand-over of the rootfs fails the create, which leaves nothing", async (context) => {
  skipWithoutProgram(context);
  const id = runv().newId();
  const rootfs = path.join(runv().directory, "large");
  await rootfsWith(rootfs, []);
  randomFile(path.join(rootfs, "large"), { bytes: rootfsBytes, times: 1 });
  const bundle = runv().bundle({ args: ["true"], rootfs });
  const create = runv().detached(["create", "--bundle", bundle, id], id);
  await eventually(() => packers().length, 1);
  const carrier = cgroupMembers(id).find(({ name }) => name.startsWith("vhost-device"));
  process.kill(carrier?.pid ?? Number.NaN, "SIGKILL");
  const { status, stderr } = await create;
  expect(status).toBe(1);
  expect(stderr).toContain("vhost-device-vsock ended: killed by signal 9");
  await eventually(() => leftoversOf(runv(), id), []);
  expect(packers()).toEqual([]);
});

test("a carrier that breaks amid output ends the container, and its run with 137", async (context) => {
  skipWithoutProgram(context);
  const id = runv().newId();
  const bundle = runv().bundle({ args: ["cat", "/dev/zero"] });
  const run = runv().start(["run", "--bundle", bundle, "--keep", id], ["ignore", "pipe", "ignore"]);
  await new Promise((resolve) => run.stdout?.once("data", resolve));
  run.stdout?.resume();
  const { carrier } = piecesOf(runv(), id);
  process.kill(carrier?.pid ?? Number.NaN, "SIGKILL");
  expect(await exitStatus(run)).toBe(137);
  expect(await runv().status(id)).toBe("stopped");
  await runv().ok(["delete", id]);
  await eventually(() => leftoversOf(runv(), id), []);
});

test("a carrier that breaks amid input ends the container, and whoever writes is told", async (context) => {
  skipWithoutProgram(context);
  const id = runv().newId();
  const bundle = runv().bundle({ args: ["sh", "-c", "echo up; exec cat >/dev/null"] });
  const zeros = spawn("cat", ["/dev/zero"], { stdio: ["ignore", "pipe", "ignore"] });
  const run = runv().start(["run", "--bundle", bundle, "--keep", id], [zeros.stdout, "pipe", "ignore"]);
  zeros.stdout.destroy();
  await new Promise((resolve) => run.stdout?.once("data", resolve));
  const { carrier } = piecesOf(runv(), id);
  process.kill(carrier?.pid ?? Number.NaN, "SIGKILL");
  expect(await exitStatus(run)).toBe(137);
  // Its pipe has no reader any more.
  expect(await exitStatus(zeros)).toBe(141);
  expect(await runv().status(id)).toBe("stopped");
  await runv().ok(["delete", id]);
});

leavesNothing(runv);

function packers(): HostProcess[] {
  return hostProcesses().filter(({ executable }) => executable === path.join(distDirectory, "runv-pack"));
}
