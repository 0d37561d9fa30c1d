import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Config, defaultConfig } from "./config.ts";
import { type Outcome, type ProgramOptions, runProgram } from "./run-program.ts";
import type { RuntimeUnderTest } from "./runtimes.ts";

const repository = path.resolve(import.meta.dirname, "../../..");
const busyboxScript = path.join(repository, "images/busybox-rootfs.mjs");

/** What a test says about its container. */
export type Change = (config: Config) => void;

export interface State {
  readonly id: string;
  readonly status: string;
  readonly pid: number;
  readonly bundle: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** One test's runtime: its own state root, bundles and containers, all gone afterwards. */
export class Bed {
  readonly runtime: RuntimeUnderTest;
  readonly directory = mkdtempSync(path.join(tmpdir(), "runv-oci-"));
  readonly #ids: string[] = [];
  #bundles = 0;

  constructor(runtime: RuntimeUnderTest) {
    this.runtime = runtime;
  }

  get root(): string {
    return path.join(this.directory, "root");
  }

  path(name: string): string {
    return path.join(this.directory, name);
  }

  /** Everything up to the verb. */
  argv(...args: readonly string[]): string[] {
    return [...this.runtime.command, "--root", this.root, ...args];
  }

  async verb(args: readonly string[], options?: ProgramOptions): Promise<Outcome> {
    return runProgram(this.argv(...args), options);
  }

  /** As `verb`, for what has to succeed before a test can begin. */
  async must(...args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.verb(args);
    if (status !== 0) throw new Error(`${args.join(" ")}: exit status ${status}: ${stderr}`);
    return stdout;
  }

  /** An id that is cleaned up afterwards. It belongs to this machine alone: runc names cgroups by it. */
  newId(): string {
    const id = `oci-${process.pid}-${path.basename(this.directory)}-${this.#ids.length}`;
    this.#ids.push(id);
    return id;
  }

  /** A bundle of busybox. @returns its directory. */
  bundle(change: Change = () => undefined): string {
    this.#bundles += 1;
    const bundle = this.path(`bundle-${this.#bundles}`);
    mkdirSync(bundle);
    execFileSync("cp", ["-a", busyboxRootfs(), path.join(bundle, "rootfs")]);
    const config = defaultConfig();
    change(config);
    writeFileSync(path.join(bundle, "config.json"), JSON.stringify(config));
    return bundle;
  }

  /** `run` to the end of the process. */
  async run(change: Change, options?: ProgramOptions): Promise<Outcome> {
    return this.verb(["run", "--bundle", this.bundle(change), this.newId()], options);
  }

  /** `run` of a shell script. */
  async sh(script: string, change: Change = () => undefined, options?: ProgramOptions): Promise<Outcome> {
    return this.run((config) => {
      config.process.args = ["sh", "-c", script];
      change(config);
    }, options);
  }

  /** A created container. Its output goes nowhere. @returns its id. */
  async create(change: Change = () => undefined, id = this.newId()): Promise<string> {
    const bundle = this.bundle((config) => {
      config.process.args = ["sleep", "1000"];
      change(config);
    });
    const { status, stderr } = await runDetached(
      this.argv("create", "--bundle", bundle, id),
      this.path("create.err"),
    );
    if (status !== 0) throw new Error(`create: exit status ${status}: ${stderr}`);
    return id;
  }

  /** A running container. @returns its id. */
  async start(change?: Change): Promise<string> {
    const id = await this.create(change);
    await this.must("start", id);
    return id;
  }

  async state(id: string): Promise<State> {
    return JSON.parse(await this.must("state", id)) as State;
  }

  async statusOf(id: string): Promise<string> {
    return (await this.state(id)).status;
  }

  /** Removes containers and files; what cannot be removed fails the test. */
  async close(): Promise<void> {
    for (const id of this.#ids) await this.must("delete", "--force", id);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The container keeps the descriptors of `create`: they must not be pipes that somebody reads to the end. */
async function runDetached(argv: readonly string[], errorFile: string): Promise<Outcome> {
  return runProgram(["sh", "-c", 'exec "$@" >/dev/null 2>"$0"', errorFile, ...argv]).then(async (outcome) => {
    const { stdout } = await runProgram(["cat", errorFile]);
    return { ...outcome, stderr: stdout };
  });
}

let rootfs: string | null = null;

function busyboxRootfs(): string {
  rootfs ??= makeRootfs();
  return rootfs;
}

function makeRootfs(): string {
  const directory = path.join(mkdtempSync(path.join(tmpdir(), "runv-busybox-")), "rootfs");
  execFileSync(process.execPath, [busyboxScript, directory]);
  process.once("exit", () => {
    rmSync(path.dirname(directory), { recursive: true, force: true });
  });
  if (!existsSync(path.join(directory, "bin/busybox"))) throw new Error("no busybox in the root file system");
  return directory;
}
