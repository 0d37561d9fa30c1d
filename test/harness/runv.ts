import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { noticesDirectory } from "../../runtime/src/shared/defaults.ts";
import { vsockEnvironment } from "../../scripts/lib/vsock-environment.mjs";
import { type BundleOptions, writeBundle } from "./bundle.ts";
import { cacheDirectory, distDirectory } from "./paths.ts";

/** Ends a verb that hangs; it asserts no speed. */
const verbDeadlineMs = 280_000;

/** What is told once on each host would come between some test's lines; it has a test of its own. */
mkdirSync(noticesDirectory, { recursive: true });
writeFileSync(path.join(noticesDirectory, "emulation"), "");

/** How a verb ended. */
export interface Outcome {
  /** Exit status; 128 + signal when one ended it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The two ways to run the program. */
export const executables = {
  executable: [path.join(distDirectory, "runv")],
  "Node.js": [process.execPath, path.join(distDirectory, "runv.cjs")],
} as const satisfies Record<string, readonly string[]>;

export interface RunvOptions {
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Name of the state root below the directory. */
  readonly rootName?: string;
}

/** So begin the names of a Runv's directory and of its containers. */
export const runvDirectoryPrefix = "runv-vm-";

/** runv with a state root, bundles and container ids of its own. */
export class Runv {
  /** Everything that this one writes is below. */
  readonly directory = mkdtempSync(path.join(tmpdir(), runvDirectoryPrefix));
  readonly root: string;
  /** Ids given out so far. */
  readonly ids: string[] = [];
  readonly env: NodeJS.ProcessEnv;
  readonly #command: readonly string[];

  constructor(options: RunvOptions = {}) {
    this.root = path.join(this.directory, options.rootName ?? "root");
    this.#command = options.command ?? executables.executable;
    this.env = {
      ...vsockEnvironment(),
      RUNV_SCRATCH_DIR: path.join(cacheDirectory, "test/scratch"),
      ...options.env,
    };
  }

  /** A container id that nobody else on this machine has. */
  newId(name = "c"): string {
    const id = `${path.basename(this.directory)}-${name}${this.ids.length}`;
    this.ids.push(id);
    return id;
  }

  /** A bundle directory with this config.json. */
  bundle(options: BundleOptions): string {
    const directory = mkdtempSync(path.join(this.directory, "bundle-"));
    writeBundle(directory, options);
    return directory;
  }

  /** The whole command line of a verb. */
  argv(args: readonly string[]): [string, ...string[]] {
    const [program = "", ...rest] = this.#command;
    return [program, ...rest, "--root", this.root, ...args];
  }

  /** Runs a verb to its end with pipes as its stdio: not for `create` and `--detach`, whose processes keep the pipes. */
  async run(
    args: readonly string[],
    options: { readonly input?: string; readonly env?: NodeJS.ProcessEnv } = {},
  ): Promise<Outcome> {
    const [program, ...rest] = this.argv(args);
    const result = await execa(program, rest, {
      env: { ...this.env, ...options.env },
      extendEnv: false,
      input: options.input ?? "",
      reject: false,
      stripFinalNewline: false,
      timeout: verbDeadlineMs,
      forceKillAfterDelay: 1000,
      maxBuffer: 1e9,
    });
    if (result.timedOut)
      throw new Error(`runv ${args.join(" ")}: not done within ${verbDeadlineMs} ms: ${result.stderr}`);
    return {
      status: result.exitCode ?? signalStatus(result.signal ?? null),
      stdout: result.stdout,
      stderr: result.stderr,
    };
  }

  /** As `run`; @throws when the verb fails. @returns its stdout */
  async ok(args: readonly string[]): Promise<string> {
    const outcome = await this.run(args);
    if (outcome.status !== 0)
      throw new Error(`runv ${args.join(" ")}: status ${outcome.status}: ${outcome.stderr}`);
    return outcome.stdout;
  }

  /** Starts a verb; whoever starts it waits for it. */
  start(args: readonly string[], stdio: StdioOptions, env: NodeJS.ProcessEnv = {}): ChildProcess {
    const [program, ...rest] = this.argv(args);
    return spawn(program, rest, { stdio, env: { ...this.env, ...env } });
  }

  /**
   * Runs `create`, `run --detach` or `exec --detach` to its end with files as stdio, as the process keeps them.
   * @param files where stdout and stderr of verb and process go: `<name>.out` and `<name>.err`
   */
  async detached(
    args: readonly string[],
    name: string,
    options: { readonly env?: NodeJS.ProcessEnv } = {},
  ): Promise<Outcome> {
    return withOutputFiles([this.output(name), this.errors(name)], (files) =>
      this.start(args, ["ignore", ...files], options.env),
    );
  }

  /** Runs a command line by `sh -c script sh ARGV…`, with files as stdio as in `detached`. */
  async shell(script: string, argv: readonly string[], name: string): Promise<Outcome> {
    return withOutputFiles([this.output(name), this.errors(name)], (files) =>
      spawn("/bin/sh", ["-c", script, "sh", ...argv], { stdio: ["ignore", ...files], env: this.env }),
    );
  }

  /** File with what a detached process of this name wrote to stdout. */
  output(name: string): string {
    return path.join(this.directory, `${name}.out`);
  }

  errors(name: string): string {
    return path.join(this.directory, `${name}.err`);
  }

  /** A created container. @returns its id */
  async create(options: BundleOptions, flags: readonly string[] = []): Promise<string> {
    const id = this.newId();
    const outcome = await this.detached(["create", "--bundle", this.bundle(options), ...flags, id], id);
    if (outcome.status !== 0) throw new Error(`runv create: status ${outcome.status}: ${outcome.stderr}`);
    return id;
  }

  /** A running container. @returns its id */
  async running(options: BundleOptions = { args: ["sleep", "1000000"] }): Promise<string> {
    const id = await this.create(options);
    await this.ok(["start", id]);
    return id;
  }

  /** The status that `state` tells. */
  async status(id: string): Promise<string> {
    return text(await this.state(id), "status");
  }

  async state(id: string): Promise<unknown> {
    const parsed: unknown = JSON.parse(await this.ok(["state", id]));
    return parsed;
  }

  /** The OCI pid. */
  async pid(id: string): Promise<number> {
    return Number(text(await this.state(id), "pid"));
  }

  /** Deletes what is left and the directory itself. */
  async dispose(): Promise<void> {
    for (const id of this.ids) await this.run(["delete", "--force", id]);
    rmSync(this.directory, { recursive: true, force: true });
  }

  mkdir(name: string): string {
    const directory = path.join(this.directory, name);
    mkdirSync(directory, { recursive: true });
    return directory;
  }
}

/** A member of parsed JSON, as text. */
export function text(value: unknown, member: string): string {
  if (typeof value !== "object" || value === null) throw new Error(`no object: ${JSON.stringify(value)}`);
  return String(new Map<string, unknown>(Object.entries(value)).get(member));
}

/** Resolves when it has exited; its descriptors may still be open elsewhere. */
export async function exitStatus(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const done = (): void => resolve(child.exitCode ?? signalStatus(child.signalCode));
    child.once("error", reject);
    child.once("exit", done);
    if (child.exitCode !== null || child.signalCode !== null) done();
  });
}

/** Starts a program with these files as stdout and stderr, and waits for its end. */
async function withOutputFiles(
  paths: readonly [stdout: string, stderr: string],
  start: (files: readonly number[]) => ChildProcess,
): Promise<Outcome> {
  const files = paths.map((file) => openSync(file, "w"));
  try {
    const status = await exitStatus(start(files));
    const [stdout, stderr] = paths;
    return { status, stdout: readFileSync(stdout, "utf8"), stderr: readFileSync(stderr, "utf8") };
  } finally {
    for (const file of files) closeSync(file);
  }
}

function signalStatus(signal: NodeJS.Signals | null): number {
  return signal === null ? -1 : 128 + constants.signals[signal];
}
