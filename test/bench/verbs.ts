// The verbs that callers run for every container, beside runc's and crun's. Each verb of each runtime is run once a round.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeBundle } from "./harness/bundle.ts";
import { interleaved, median, printResult, printRow, timed } from "./harness/measure.ts";
import { runv } from "./harness/paths.ts";

const verbs = ["state", "list", "start", "kill", "delete"] as const;
type Verb = (typeof verbs)[number];
type Times = Record<Verb, number>;
const goalMs: Times = { state: 8, list: 8, start: 25, kill: 25, delete: 25 };

interface Runtime {
  readonly name: string;
  /** What runs the runtime, and its own cost is not the runtime's. */
  readonly prefix: readonly string[];
  readonly program: string;
  readonly bundle: string;
}

const directory = mkdtempSync(path.join(tmpdir(), "runv-bench-"));
let containers = 0;

async function run(runtime: Runtime, ...args: readonly string[]): Promise<void> {
  const [program = "", ...rest] = [
    ...runtime.prefix,
    runtime.program,
    "--root",
    path.join(directory, runtime.name),
    ...args,
  ];
  const child = spawn(program, rest, { stdio: ["ignore", "ignore", "inherit"] });
  const [status] = (await once(child, "exit")) as [unknown];
  if (status !== 0) throw new Error(`${runtime.name} ${args.join(" ")}: ${String(status)}`);
}

async function measure(runtime: Runtime): Promise<Times> {
  containers += 1;
  const id = `bench-${process.pid}-${containers}`;
  const pidFile = path.join(directory, "pid");
  await run(runtime, "create", "--bundle", runtime.bundle, "--pid-file", pidFile, id);
  const pid = Number(readFileSync(pidFile, "utf8"));
  const time = async (...args: readonly string[]): Promise<number> => {
    const prefixMs = await timePrefix(runtime.prefix);
    return (await timed(async () => run(runtime, ...args))) - prefixMs;
  };
  const state = await time("state", id);
  const list = await time("list");
  const start = await time("start", id);
  const kill = await time("kill", id, "KILL");
  await ended(pid);
  return { state, list, start, kill, delete: await time("delete", id) };
}

/** What a prefix costs right now, less what it costs to run nothing; the load of a machine changes by the second. */
async function timePrefix([program, ...args]: readonly string[]): Promise<number> {
  if (program === undefined) return 0;
  const withPrefix = await timed(async () => once(spawn(program, [...args, "true"]), "exit"));
  return withPrefix - (await timed(async () => once(spawn("true"), "exit")));
}

/** Gone, or a zombie whom this machine's init has yet to reap. */
async function ended(pid: number): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    try {
      if (/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))) return;
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`process ${pid} does not end`);
}

/** crun 1.8 refuses cgroup v1 with a v2 tree beside it: it gets a mount namespace in which there is cgroup v2 alone, and no device rules. */
function crunInNamespace(bundle: string, keeper: ChildProcess): Runtime {
  const file = path.join(bundle, "config.json");
  const config = JSON.parse(readFileSync(file, "utf8")) as { linux: Record<string, unknown> };
  writeFileSync(file, JSON.stringify({ ...config, linux: { ...config.linux, resources: {} } }));
  const enter = ["nsenter", `--mount=/proc/${keeper.pid ?? 0}/ns/mnt`];
  return { name: "crun", prefix: enter, program: "crun", bundle };
}

function startKeeper(): ChildProcess {
  const script = "mount -t cgroup2 none /sys/fs/cgroup && exec sleep 100000";
  return spawn("unshare", ["--mount", "sh", "-c", script], { stdio: "ignore" });
}

const bundleOf = (name: string): string =>
  makeBundle(path.join(directory, `${name}-bundle`), ["sleep", "100000"]);
const keeper = startKeeper();
try {
  const own: Runtime = { name: "runv", prefix: [], program: runv, bundle: bundleOf("runv") };
  const runc: Runtime = { name: "runc", prefix: [], program: "runc", bundle: bundleOf("runc") };
  const crun = crunInNamespace(bundleOf("crun"), keeper);
  const works = await measure(crun).then(
    () => true,
    (error: unknown) => {
      console.log(`crun does not run here, so it is left out: ${String(error)}`);
      return false;
    },
  );
  const runtimes = works ? [own, runc, crun] : [own, runc];
  const rounds = await interleaved(
    Object.fromEntries(runtimes.map((runtime) => [runtime.name, async () => measure(runtime)])),
  );
  const medians = new Map(
    runtimes.map(({ name }) => [
      name,
      (verb: Verb): number => median(rounds.map((round) => round[name]?.[verb] ?? Number.NaN)),
    ]),
  );
  for (const verb of verbs)
    for (const [name, of] of medians)
      printRow(`${verb} ${name}`, of(verb), "ms", name === "runv" ? `goal <= ${goalMs[verb]}` : "");
  const worst = Math.max(...verbs.map((verb) => (medians.get("runv")?.(verb) ?? Number.NaN) / goalMs[verb]));
  const milliseconds = Object.fromEntries(
    verbs.map((verb) => [`${verb}Ms`, medians.get("runv")?.(verb) ?? 0]),
  );
  console.log("ratio: the verb that is farthest from its goal, divided by the goal");
  printResult("verbs", worst, milliseconds);
} finally {
  keeper.kill();
  for (const name of ["runv", "runc", "crun"]) spawnSync("rm", ["-rf", path.join(directory, name)]);
  rmSync(directory, { recursive: true, force: true });
}
