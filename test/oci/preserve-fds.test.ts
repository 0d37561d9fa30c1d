import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { expect } from "vitest";
import { useTerminals } from "../harness/terminals.ts";
import type { Bed, Change } from "./harness/bed.ts";
import { type Outcome, runProgram } from "./harness/run-program.ts";
import { ociSuite } from "./harness/suite.ts";
import { startWith, textOf } from "./harness/with-descriptors.ts";

const mib = 2 ** 20;
const { listening } = useTerminals();

/** Redirections of a shell, in which $0 is the bed's directory, around a verb; whatever it feeds has ended, too. */
async function redirected(bed: Bed, redirections: string, verb: readonly string[]): Promise<Outcome> {
  const script = `exec ${redirections}; last=$!; "$@"; status=$?; exec 3>&- 4>&-; wait $last; exit $status`;
  return runProgram(["bash", "-c", script, bed.directory, ...bed.argv(...verb)]);
}

/** `run` of a shell script with so many descriptors. */
function run(bed: Bed, count: number, script: string, change: Change = () => undefined): string[] {
  const bundle = bed.bundle((config) => {
    config.process.args = ["sh", "-c", script];
    change(config);
  });
  return ["run", "--preserve-fds", String(count), "--bundle", bundle, bed.newId()];
}

/** Who has a file open. */
function holdersOf(file: string): number[] {
  const pids = readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid);
  return pids.filter((pid) => openFiles(pid).includes(file));
}

function openFiles(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    // It has ended, or closed that descriptor meanwhile.
    return [];
  }
}

ociSuite("--preserve-fds", ({ test, each }) => {
  test("pipes, both ways at once, of a mebibyte", async (bed) => {
    const data = randomBytes(mib);
    writeFileSync(bed.path("in"), data);
    const pipes = '3< <(cat "$0/in") 4> >(cat >"$0/out")';
    const outcome = await redirected(bed, pipes, run(bed, 2, "cat <&3 >&4; echo done"));
    expect(outcome).toEqual({ status: 0, stdout: "done\n", stderr: "" });
    expect(readFileSync(bed.path("out")).equals(data)).toBe(true);
  });

  test("one end of a socket pair, in which each side ends for itself", async (bed) => {
    const text = randomBytes(mib).toString("latin1");
    const { sockets, outcome } = startWith(bed.argv(...run(bed, 1, "cat <&3 >&3")), ["socket"]);
    sockets[0]?.end(Buffer.from(text, "latin1"));
    expect((await textOf(sockets[0] ?? null)) === text).toBe(true);
    expect(await outcome).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  test("a connection by TCP", async (bed) => {
    const server = createServer({ allowHalfOpen: true }, (socket) => socket.end("question\n"));
    const answer = new Promise<string>((resolve) => {
      server.on("connection", (socket) => void textOf(socket).then(resolve));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : null;
    const script = 'read line <&3; echo "answer to $line" >&3';
    const outcome = await redirected(bed, `3<>/dev/tcp/127.0.0.1/${String(port)}`, run(bed, 1, script));
    server.close();
    expect(outcome).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(await answer).toBe("answer to question\n");
  });

  test("files from where they are, and to the end of what was written", async (bed) => {
    writeFileSync(bed.path("in"), "first\nsecond\n");
    const files = '3<"$0/in" 4>"$0/out"; read <&3; echo before >&4';
    const outcome = await redirected(bed, files, run(bed, 2, "cat <&3 >&4"));
    expect(outcome.status).toBe(0);
    expect(readFileSync(bed.path("out"), "utf8")).toBe("before\nsecond\n");
  });

  test("/dev/null and /dev/zero", async (bed) => {
    const script = "head -c 3 <&4 | od -An -tx1; cat <&3; echo lost >&3";
    const outcome = await redirected(bed, "3<>/dev/null 4</dev/zero", run(bed, 2, script));
    expect(outcome).toEqual({ status: 0, stdout: " 00 00 00\n", stderr: "" });
  });

  test("many, each under its number", async (bed) => {
    const numbers = Array.from({ length: 40 }, (_, index) => 3 + index);
    for (const number of numbers) writeFileSync(bed.path(`in-${number}`), `${number}\n`);
    const files = numbers.map((number) => openSync(bed.path(`in-${number}`), "r"));
    const script = "for n in $(seq 3 42); do cat /proc/self/fd/$n; done; ls /proc/$$/fd | wc -l";
    const { outcome } = startWith(bed.argv(...run(bed, 40, script)), files);
    files.forEach(closeSync);
    const { status, stdout } = await outcome;
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${numbers.join("\n")}\n4[34]\n$`));
  });

  test("none but those asked for", async (bed) => {
    const outcome = await redirected(
      bed,
      "3</dev/null 4</dev/null 5</dev/null",
      run(bed, 1, "ls /proc/$$/fd; true"),
    );
    expect(outcome.stdout.split("\n").filter((line) => /^[345]$/.test(line))).toEqual(["3"]);
  });

  test(
    "one that is not open is an error that names it",
    async (bed) => {
      const outcome = await redirected(bed, "3</dev/null 4<&- 5</dev/null", run(bed, 3, "true"));
      expect(outcome.status).not.toBe(0);
      expect(outcome.stderr).toMatch(/preserved[- ](descriptor 4|fd 1 )/);
    },
    "checked-preserved",
  );

  test(
    "too many are an error",
    async (bed) => {
      const outcome = await redirected(bed, "3</dev/null", run(bed, 5000, "true"));
      expect(outcome.status).not.toBe(0);
      expect(outcome.stderr).toMatch(/preserved?-fd/);
    },
    "counted-preserved",
  );

  each(
    ["run", "exec", "exec --detach"],
    (verb) => `${verb}: the container's process alone keeps it`,
    async (bed, verb) => {
      const fifo = bed.path("fifo");
      await runProgram(["mkfifo", fifo]);
      // The reading end is opened first and does not wait; the shell's own goes with it.
      const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
      const script = "echo here >&3; exec sleep 1000";
      const id = verb === "run" ? bed.newId() : await bed.start();
      const pidFile = bed.path("pid");
      const bundle = bed.bundle((config) => (config.process.args = ["sh", "-c", script]));
      const common = ["--preserve-fds", "1", "--pid-file", pidFile];
      const argv =
        verb === "run"
          ? bed.argv("run", "--detach", ...common, "--bundle", bundle, id)
          : bed.argv(...verb.split(" "), ...common, id, "sh", "-c", script);
      const shell =
        'exec 3>"$0"; if [ "$1" = wait ]; then shift; "$@" & else shift; "$@"; fi >/dev/null 2>&1';
      const mode = verb === "exec" ? "wait" : "return";
      expect((await runProgram(["bash", "-c", shell, fifo, mode, ...argv])).status).toBe(0);
      while (!(await hasArrived(reader))) await new Promise((resolve) => setTimeout(resolve, 20));
      await expect.poll(() => existsSync(pidFile) && readFileSync(pidFile, "utf8")).toMatch(/^\d+$/);
      const pid = Number(readFileSync(pidFile, "utf8"));
      expect(holdersOf(fifo)).toEqual([pid]);
      closeSync(reader);
      process.kill(pid, "SIGKILL");
    },
    (verb) => (verb === "exec" ? "foreground-lets-go" : undefined),
  );

  test("each exec has its own", async (bed) => {
    const id = await bed.start();
    const exec = ["exec", "--preserve-fds", "2", id, "sh", "-c", "cat <&3 >&4"];
    const texts = ["one", "two", "three"];
    const outcomes = texts.map(async (text) =>
      redirected(bed, `3< <(echo ${text}) 4> >(cat >"$0/${text}")`, exec),
    );
    expect((await Promise.all(outcomes)).map(({ status }) => status)).toEqual([0, 0, 0]);
    expect(texts.map((text) => readFileSync(bed.path(text), "utf8"))).toEqual(["one\n", "two\n", "three\n"]);
  });

  test("an exec ends although something else in the container keeps it", async (bed) => {
    const id = await bed.start();
    const script = "sleep 1000 </dev/null >/dev/null 2>&1 & echo out >&3; exit 7";
    const outcome = await redirected(bed, '3>"$0/out"', [
      "exec",
      "--preserve-fds",
      "1",
      id,
      "sh",
      "-c",
      script,
    ]);
    expect(outcome).toEqual({ status: 7, stdout: "", stderr: "" });
    expect(readFileSync(bed.path("out"), "utf8")).toBe("out\n");
  });

  test("a terminal and descriptors", async (bed) => {
    const socket = bed.path("console.sock");
    const terminal = await listening(socket);
    writeFileSync(bed.path("in"), "from the host\n");
    const bundle = bed.bundle((config) => {
      config.process.terminal = true;
      config.process.args = ["sh", "-c", "cat <&3; echo to the host >&4; read line"];
    });
    const flags = ["--detach", "--preserve-fds", "2", "--console-socket", socket, "--bundle", bundle];
    const script = 'exec "$@" 3<"$0/in" 4>"$0/out" >/dev/null 2>&1';
    const run = bed.argv("run", ...flags, bed.newId());
    expect((await runProgram(["bash", "-c", script, bed.directory, ...run])).status).toBe(0);
    await terminal.expect(/from the host\r?\n/);
    await expect.poll(() => readFileSync(bed.path("out"), "utf8")).toBe("to the host\n");
  });

  test("create keeps it for start", async (bed) => {
    const id = bed.newId();
    const bundle = bed.bundle((config) => (config.process.args = ["sh", "-c", "cat <&3 >&4"]));
    writeFileSync(bed.path("in"), "kept\n");
    const create = ["create", "--preserve-fds", "2", "--bundle", bundle, id];
    const script = 'exec "$@" 3<"$0/in" 4>"$0/out" >/dev/null 2>&1';
    const outcome = await runProgram(["bash", "-c", script, bed.directory, ...bed.argv(...create)]);
    expect(outcome.status).toBe(0);
    await bed.must("start", id);
    await expect.poll(async () => bed.statusOf(id)).toBe("stopped");
    expect(readFileSync(bed.path("out"), "utf8")).toBe("kept\n");
  });
});

/** Whether something can be read. */
async function hasArrived(reader: number): Promise<boolean> {
  const { read } = await import("node:fs");
  return new Promise((resolve) => {
    read(reader, Buffer.alloc(16), 0, 16, null, (error, count) => resolve(error === null && count > 0));
  });
}

ociSuite("socket activation", ({ test }) => {
  const show = 'echo "$LISTEN_FDS $LISTEN_PID"; cat <&3';
  const environment = "export LISTEN_FDS=1 LISTEN_PID=$$;";
  const activated = async (bed: Bed, before: string, verb: readonly string[]): Promise<Outcome> =>
    runProgram([
      "bash",
      "-c",
      `${before} exec "$@" 3< <(echo three) 4< <(echo four)`,
      "bash",
      ...bed.argv(...verb),
    ]);

  test(
    "LISTEN_FDS come first and are told of",
    async (bed) => {
      const outcome = await activated(bed, environment, run(bed, 1, `${show}; cat <&4`));
      expect(outcome).toEqual({ status: 0, stdout: "1 1\nthree\nfour\n", stderr: "" });
    },
    "socket-activation",
  );

  test(
    "what is another process's counts for nothing",
    async (bed) => {
      const outcome = await activated(bed, "export LISTEN_FDS=1 LISTEN_PID=1;", run(bed, 1, show));
      expect(outcome).toEqual({ status: 0, stdout: " \nthree\n", stderr: "" });
    },
    "socket-activation",
  );

  test(
    "exec has --preserve-fds alone",
    async (bed) => {
      const exec = ["exec", "--preserve-fds", "1", await bed.start(), "sh", "-c", show];
      expect(await activated(bed, environment, exec)).toEqual({
        status: 0,
        stdout: " \nthree\n",
        stderr: "",
      });
    },
    "socket-activation",
  );
});

ociSuite("--preserve-fds of what is no stream", ({ test }) => {
  test(
    "is refused by name, with the way out",
    async (bed) => {
      const outcome = await redirected(bed, "3</dev/null 4</", run(bed, 2, "true"));
      expect(outcome.status).toBe(1);
      expect(outcome.stderr).toMatch(/preserved descriptor 4: a directory: bind mount it/);
    },
    "is-a-machine",
  );
});
