import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { caseCount } from "../harness/sample.ts";
import { Containerd } from "./harness/containerd.ts";
import { processesOf } from "./harness/leftovers.ts";
import { type Outcome, runProgram } from "./harness/run-program.ts";
import { eventually } from "./harness/wait.ts";

const endTimeoutMs = 60_000;
const sigkillStatus = 137;
const limitBytes = 67_108_864;

let containerd: Containerd;

beforeAll(async () => {
  containerd = await Containerd.launch();
});

afterAll(async () => {
  await containerd.stop();
});

afterEach(async () => {
  try {
    await containerd.expectNothingLeft();
  } finally {
    await containerd.removeAll();
  }
});

/** Runs a program on a terminal of its own, 37 lines by 91 columns, whose keyboard stays silent; its lines end with "\n" here. */
async function runOnTerminal(argv: readonly string[]): Promise<Outcome> {
  const quoted = argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  const command = `stty rows 37 cols 91; ${quoted}`;
  const script = ["script", "--quiet", "--return", "--command", command, "/dev/null"];
  const outcome = await runProgram(script, { silentInput: true });
  return { ...outcome, stdout: outcome.stdout.replaceAll(/\r+\n/g, "\n") };
}

/** containerd tells the size only when the process runs already. */
const waitForSize = 'until [ "$(stty size 2>/dev/null)" = "37 91" ]; do usleep 10000; done; stty size';

async function statusBecomes(id: string, status: string): Promise<void> {
  await eventually(`${id} is ${status}`, endTimeoutMs, async () => {
    const task = await containerd.task(id);
    return task?.status === status ? [] : [`it is ${task?.status ?? "gone"}`];
  });
}

/** @returns the exit status that containerd has recorded. */
async function deleteTask(id: string): Promise<number> {
  const { stderr } = await containerd.ctr("task", "delete", id);
  await containerd.must("container", "rm", id);
  return Number(/exit with non-zero exit code (\d+)/.exec(stderr)?.[1] ?? 0);
}

describe("ctr run --rm", () => {
  test("passes on output and exit status of a directory's program, under another kernel", async () => {
    const script = "uname -r; echo oops >&2; exit 3";
    const args = ["--rm", "--rootfs", containerd.rootfs, containerd.id("directory"), "/bin/sh", "-c", script];
    const { status, stdout, stderr } = await containerd.run(args);
    expect({ status, stderr }).toEqual({ status: 3, stderr: "oops\n" });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\S*-runv\n$/);
  });

  test("passes on input and its end to an image's program", async () => {
    const args = ["--rm", containerd.image, containerd.id("image"), "sh", "-c", "echo ready; cat; exit 5"];
    const outcome = await containerd.run(args, { reply: { after: "ready", input: "line 1\nline 2\n" } });
    expect(outcome).toEqual({ status: 5, stdout: "ready\nline 1\nline 2\n", stderr: "" });
  });

  test("gives the program a terminal of the caller's size", async () => {
    const script = `${waitForSize}; tty; exit 4`;
    const args = ["--rm", "--tty", containerd.image, containerd.id("terminal"), "sh", "-c", script];
    const { status, stdout } = await runOnTerminal(containerd.runArgv(...args));
    expect({ status, stdout }).toEqual({ status: 4, stdout: "37 91\n/dev/pts/0\n" });
  });

  test("runs what `ctr oci spec` writes", async () => {
    const spec: unknown = JSON.parse(await containerd.must("oci", "spec"));
    if (typeof spec !== "object" || spec === null || !("process" in spec) || !("linux" in spec))
      throw new Error("no runtime-spec");
    const file = path.join(containerd.directory, "config.json");
    const args = ["/bin/sh", "-c", "hostname; id -u"];
    const own = {
      root: { path: containerd.rootfs },
      process: { ...(spec.process as object), args },
      linux: { ...(spec.linux as object), cgroupsPath: `/${containerd.namespace}/spec` },
    };
    writeFileSync(file, JSON.stringify({ ...spec, ...own }));
    const { status, stdout, stderr } = await containerd.run([
      "--rm",
      "--config",
      file,
      containerd.id("spec"),
    ]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^\S+\n0\n$/);
  });

  test("filters with containerd's own profile, exec included", async () => {
    const id = containerd.id("filtered");
    const script = "grep Seccomp_filters /proc/self/status; unshare -r true";
    const refused = "unshare: unshare(0x10000000): Operation not permitted\n";
    const { status } = await containerd.run(["--detach", "--seccomp", containerd.image, id, "sleep", "1000"]);
    expect(status).toBe(0);
    const { stdout, stderr } = await containerd.ctr(
      "task",
      "exec",
      "--exec-id",
      "e1",
      id,
      "sh",
      "-c",
      script,
    );
    // Below it is the filter that every container has.
    expect({ stdout, stderr }).toMatchObject({ stdout: "Seccomp_filters:\t2\n", stderr: refused });
    await containerd.must("task", "kill", "--signal", "KILL", id);
    await statusBecomes(id, "STOPPED");
    expect(await deleteTask(id)).toBe(sigkillStatus);
  });

  test("says what runc says of a program that is not there", async () => {
    const args = ["--rm", containerd.image, containerd.id("missing"), "no-such-program"];
    const [own, runc] = [await containerd.run(args), await containerd.ctr("run", ...args)];
    const sentence = 'exec: "no-such-program": executable file not found in $PATH';
    expect(own.status).toBe(runc.status);
    expect(runc.stderr).toContain(sentence);
    expect(own.stderr).toContain(sentence);
  });
});

describe("ctr run --detach", () => {
  test("runs a container for exec, ps, kill and delete", async () => {
    await containerd.start(containerd.id("detached"), "sleep", "1000");
    const task = await containerd.task("detached");
    expect(task?.status).toBe("RUNNING");
    expect(readFileSync(`/proc/${task?.pid ?? 0}/comm`, "utf8")).toBe("runv-proxy\n");
    expect(await containerd.must("task", "ps", "detached")).toMatch(new RegExp(`^${task?.pid ?? 0}\\s`, "m"));
    await execs("detached");
    await containerd.must("task", "kill", "--signal", "KILL", "detached");
    await statusBecomes("detached", "STOPPED");
    expect(await deleteTask("detached")).toBe(sigkillStatus);
  });

  test("limits, pauses and resumes a container", async () => {
    const id = containerd.id("limited");
    const limits = ["--memory-limit", String(limitBytes), "--cpu-quota", "40000", "--cpu-period", "50000"];
    const { status } = await containerd.run(["--detach", ...limits, containerd.image, id, "sleep", "1000"]);
    expect(status).toBe(0);
    const glutton = await containerd.ctr("task", "exec", "--exec-id", "e1", id, "tail", "/dev/zero");
    expect(glutton.status).toBe(sigkillStatus);
    await containerd.must("task", "pause", id);
    await statusBecomes(id, "PAUSED");
    await containerd.must("task", "resume", id);
    await statusBecomes(id, "RUNNING");
    await containerd.must("task", "kill", "--signal", "KILL", id);
    await statusBecomes(id, "STOPPED");
    expect(await deleteTask(id)).toBe(sigkillStatus);
  });

  test("tells of a virtual machine that was killed", async () => {
    await containerd.start(containerd.id("broken"), "sleep", "1000");
    const vmm = processesOf(containerd.namespace).filter(({ commandLine }) =>
      commandLine.startsWith("/usr/bin/qemu-system"),
    );
    expect(vmm).toHaveLength(1);
    for (const { pid } of vmm) process.kill(pid, "SIGKILL");
    await statusBecomes("broken", "STOPPED");
    expect(await deleteTask("broken")).toBe(sigkillStatus);
  });

  test("keeps containers apart that run at once", async () => {
    const names = Array.from({ length: caseCount({ sample: 2, full: 10 }) }, (_, index) =>
      containerd.id(`many-${index}`),
    );
    const outcomes = await Promise.all(
      names.map(async (name) =>
        containerd.run(["--rm", containerd.image, name, "sh", "-c", `echo ${name}; hostname`]),
      ),
    );
    expect(outcomes.map(({ status, stdout }) => ({ status, first: stdout.split("\n")[0] }))).toEqual(
      names.map((name) => ({ status: 0, first: name })),
    );
  });
});

/** What `ctr task exec` has to do in a running container. */
async function execs(id: string): Promise<void> {
  const exec = (...args: readonly string[]): string[] => containerd.ctrArgv("task", "exec", ...args);
  const plain = exec("--exec-id", "plain", id, "sh", "-c", "echo out; echo err >&2; exit 7");
  expect(await runProgram(plain)).toEqual({ status: 7, stdout: "out\n", stderr: "err\n" });
  const terminal = exec("--exec-id", "terminal", "--tty", id, "sh", "-c", `${waitForSize}; exit 8`);
  expect(await runOnTerminal(terminal)).toMatchObject({ status: 8, stdout: "37 91\n" });
  const input = exec("--exec-id", "input", id, "sh", "-c", "echo ready; cat");
  const reply = { after: "ready", input: "more\n" };
  expect(await runProgram(input, { reply })).toEqual({ status: 0, stdout: "ready\nmore\n", stderr: "" });
  const missing = await runProgram(exec("--exec-id", "missing", id, "no-such-program"));
  expect(missing.status).not.toBe(0);
  expect(missing.stderr).toContain('exec: "no-such-program": executable file not found in $PATH');
}
