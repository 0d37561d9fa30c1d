import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { cgroupsOfNamespace, leftovers, stateRoot } from "./leftovers.ts";
import { type Outcome, type ProgramOptions, runProgram } from "./run-program.ts";
import { eventually } from "./wait.ts";

const repository = path.resolve(import.meta.dirname, "../../..");
const startTimeoutMs = 60_000;
const leaveTimeoutMs = 30_000;

/** What makes `ctr run` take runv. */
const runtimeOptions = ["--runc-binary", path.join(repository, "dist/runv")];

/** A containerd of its own with Debian's stock shim: its state is in a folder of this object, its containers in a namespace of it. */
export class Containerd {
  readonly directory: string;
  /** Also the name of the containers' state root and cgroups. */
  readonly namespace: string;
  readonly image = "docker.io/library/runv-busybox:test";
  readonly #daemon: ChildProcess;
  readonly #ids: string[] = [];

  private constructor(directory: string, daemon: ChildProcess) {
    this.directory = directory;
    this.namespace = path.basename(directory);
    this.#daemon = daemon;
  }

  /** Started, with a busybox image and the same as a directory. */
  static async launch(): Promise<Containerd> {
    const directory = mkdtempSync(path.join(tmpdir(), "runv-ctr-"));
    const config = path.join(directory, "config.toml");
    writeFileSync(config, configuration(directory));
    const log = openSync(path.join(directory, "containerd.log"), "a");
    const daemon = spawn("containerd", ["--config", config], { stdio: ["ignore", log, log] });
    closeSync(log);
    await once(daemon, "spawn");
    const containerd = new Containerd(directory, daemon);
    await eventually("containerd answers", startTimeoutMs, async () => {
      const answer = await containerd.ctr("version");
      return answer.status === 0 ? [] : [answer.stderr];
    });
    await containerd.#importImage();
    return containerd;
  }

  get rootfs(): string {
    return path.join(this.directory, "busybox");
  }

  /** The name of a container, of which nothing may be left in the end. */
  id(name: string): string {
    this.#ids.push(name);
    return name;
  }

  async ctr(...args: readonly string[]): Promise<Outcome> {
    return runProgram(this.ctrArgv(...args));
  }

  ctrArgv(...args: readonly string[]): string[] {
    return ["ctr", "--address", path.join(this.directory, "c.sock"), "--namespace", this.namespace, ...args];
  }

  /** `ctr run` with runv. */
  runArgv(...args: readonly string[]): string[] {
    return this.ctrArgv("run", ...runtimeOptions, ...args);
  }

  async run(args: readonly string[], options?: ProgramOptions): Promise<Outcome> {
    return runProgram(this.runArgv(...args), options);
  }

  /** `ctr run --detach` of the image. */
  async start(id: string, ...command: readonly string[]): Promise<void> {
    const { status, stderr } = await this.run(["--detach", this.image, id, ...command]);
    if (status !== 0) throw new Error(`ctr run ${id}: exit status ${status}: ${stderr}`);
  }

  /** As `ctr`, for what has to succeed. */
  async must(...args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.ctr(...args);
    if (status !== 0) throw new Error(`ctr ${args.join(" ")}: exit status ${status}: ${stderr}`);
    return stdout;
  }

  /** The task's host pid and status as containerd sees them; null when it has none. */
  async task(id: string): Promise<{ readonly pid: number; readonly status: string } | null> {
    const row = (await this.must("task", "ls")).split("\n").find((line) => line.split(/\s+/)[0] === id);
    const [, pid, status] = row?.split(/\s+/) ?? [];
    return pid === undefined || status === undefined ? null : { pid: Number(pid), status };
  }

  /** Waits until neither processes, mounts, cgroups nor files of any container are there. @throws with what is left. */
  async expectNothingLeft(): Promise<void> {
    await eventually("nothing is left", leaveTimeoutMs, async () =>
      Promise.resolve(leftovers({ namespace: this.namespace, directory: this.directory, ids: this.#ids })),
    );
  }

  /** Removes what a failed test left. */
  async removeAll(): Promise<void> {
    const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");
    for (const id of lines(await this.must("task", "ls", "--quiet")))
      await this.ctr("task", "delete", "--force", id);
    for (const id of lines(await this.must("container", "ls", "--quiet")))
      await this.ctr("container", "rm", id);
  }

  async stop(): Promise<void> {
    await this.removeAll();
    this.#daemon.kill();
    if (this.#daemon.exitCode === null) await once(this.#daemon, "exit");
    for (const cgroup of cgroupsOfNamespace(this.namespace)) rmdirSync(cgroup);
    rmSync(stateRoot(this.namespace), { recursive: true, force: true });
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #importImage(): Promise<void> {
    const file = path.join(this.directory, "image.tar");
    const recipe = (name: string): string => path.join(repository, "images", name);
    execFileSync(process.execPath, [recipe("busybox-rootfs.mjs"), this.rootfs]);
    execFileSync(process.execPath, [recipe("busybox-oci-image.mjs"), this.rootfs, file, this.image]);
    await this.must("images", "import", file);
  }
}

function configuration(directory: string): string {
  return `version = 2
root = "${directory}/root"
state = "${directory}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "${directory}/c.sock"
`;
}
