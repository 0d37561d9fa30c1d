import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dangerousCapabilities } from "../harness/bundle.ts";
import { rootfsWith } from "../harness/guest-programs.ts";
import { eventually, leavesNothing, leftoversOf } from "../harness/leftovers.ts";
import { exitStatus, Runv } from "../harness/runv.ts";
import { type ShareWay, shareWays } from "../harness/share-ways.ts";
import { Volumes } from "../harness/volumes.ts";

/** A container with every kind of bind mount, and what is on the host behind them. */
class Bound {
  readonly runv: Runv;
  readonly volumes = new Volumes();
  id = "";

  constructor(way: ShareWay) {
    this.runv = new Runv({ env: way.env() });
  }

  async start(): Promise<void> {
    const { volumes } = this;
    const rootfs = `${this.runv.directory}/rootfs`;
    await rootfsWith(rootfs, ["file-locks", "file-watch", "unix-pair"]);
    const mounts = [
      volumes.bind("live", "/live"),
      volumes.bind("live", "/made/deep/directory"),
      volumes.bind("single", "/made/deep/file"),
      volumes.bind("readonly", "/readonly", ["rbind", "ro"]),
      volumes.bind("deep", "/recursive"),
      volumes.bind("deep", "/plain", ["bind", "rprivate"]),
      volumes.bind("slave", "/slave", ["rbind", "rslave"]),
      volumes.bind("keys", "/keys", ["rbind", "ro"]),
      ...["single", "replaced", "gone"].map((name) => volumes.bind(name, `/${name}`)),
      { destination: "/small", type: "tmpfs", source: "tmpfs", options: ["size=1m"] },
      { destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["nosuid", "size=2m", "mode=1777"] },
    ];
    const args = ["sleep", "1000000"];
    this.id = await this.runv.running({ args, rootfs, mounts, capabilities: dangerousCapabilities });
  }

  async sh(script: string): Promise<string> {
    const { status, stdout, stderr } = await this.runv.run(["exec", this.id, "sh", "-c", script]);
    return status === 0 ? stdout : `status ${status}: ${stdout}${stderr}`;
  }

  async dispose(): Promise<void> {
    this.volumes.dispose();
    await this.runv.dispose();
  }
}

describe.each(shareWays)("bind mounts by $name", (way) => {
  let bound: Bound;
  beforeAll(async () => {
    bound = new Bound(way);
    await bound.start();
  });
  afterAll(async () => bound.dispose());

  test("directories and files are there, also where nothing was to mount them on", async () => {
    const files = "/live/one /made/deep/directory/two /single /made/deep/file";
    expect(await bound.sh(`cat ${files}`)).toBe(
      "one from the host\ntwo from the host\nsingle from the host\nsingle from the host\n",
    );
  });

  test("rbind brings what is mounted below, bind does not", async () => {
    expect(await bound.sh("cat /recursive/below/file; ls /plain; ls /plain/below")).toBe("below\nbelow\n");
  });

  test("ro refuses writes, and leaves the host's files alone whatever root does in the guest", async () => {
    const write = "echo x 2>&1 >/readonly/file; touch /readonly/new 2>&1";
    expect(await bound.sh(`{ ${write}; } | grep -c 'Read-only file system'`)).toBe("2\n");
    // In a mount namespace of its own, for the tests that follow.
    await bound.sh(`unshare -m sh -c 'mount -o remount,bind,rw /readonly; ${write}'`);
    expect(readFileSync(bound.volumes.path("readonly/file"), "utf8")).toBe("file from the host\n");
    expect(existsSync(bound.volumes.path("readonly/new"))).toBe(false);
  });

  test("what the container writes is on the host, unless it has a copy", async () => {
    await bound.sh("echo inside >/live/made; echo inside >/single; ln -s made /live/link; rm /live/three");
    const seen = ["live/made", "live/link", "single"].map((name) =>
      existsSync(bound.volumes.path(name)) ? readFileSync(bound.volumes.path(name), "utf8") : "nothing",
    );
    const single = "single from the host\n";
    expect(seen).toEqual(way.isLive ? ["inside\n", "inside\n", "inside\n"] : ["nothing", "nothing", single]);
    expect(existsSync(bound.volumes.path("live/three"))).toBe(!way.isLive);
    expect(await bound.sh("cat /live/link /single /made/deep/file")).toBe(
      // Each copied mount is a copy of its own.
      way.isLive ? "inside\ninside\ninside\n" : `inside\ninside\n${single}`,
    );
  });

  test("what the host changes in a directory is seen, unless it was copied", async () => {
    const { volumes } = bound;
    expect(await bound.sh("cat /live/one /live/two /keys/key")).toBe(
      "one from the host\ntwo from the host\nfirst\n",
    );
    volumes.write("live/one", "rewritten in place, and longer than it was\n");
    volumes.write("live/.two", "renamed over\n");
    renameSync(volumes.path("live/.two"), volumes.path("live/two"));
    symlinkSync("..v2", volumes.path("keys/..data_tmp"));
    renameSync(volumes.path("keys/..data_tmp"), volumes.path("keys/..data"));
    volumes.write("live/four", "new\n");
    await eventually(
      async () => bound.sh("cat /live/one /live/two /keys/key /live/four"),
      way.isLive
        ? "rewritten in place, and longer than it was\nrenamed over\nsecond\nnew\n"
        : expect.stringContaining("one from the host\ntwo from the host\nfirst\n"),
    );
    rmSync(volumes.path("live/two"));
    const gone = "test -e /live/two && echo there || echo gone";
    await eventually(async () => bound.sh(gone), way.isLive ? "gone\n" : "there\n");
  });

  test("a file that is bound by itself follows what is written to it, not its name", async () => {
    const { volumes } = bound;
    writeFileSync(volumes.path("single"), "rewritten\n");
    if (way.isLive) await eventually(async () => bound.sh("cat /single"), "rewritten\n");
    volumes.write("replacement", "another file of that name\n");
    renameSync(volumes.path("replacement"), volumes.path("replaced"));
    rmSync(volumes.path("gone"));
    // Longer than a guest may believe what it has read.
    expect(await bound.sh("sleep 2; cat /replaced /gone")).toBe(
      "replaced from the host\ngone from the host\n",
    );
  });

  test("what the host mounts later shows below a slave", async () => {
    const { volumes } = bound;
    volumes.mount("-t", "tmpfs", "runv-test", volumes.path("slave/later"));
    volumes.write("slave/later/file", "mounted later\n");
    if (way.isLive) await eventually(async () => bound.sh("cat /slave/later/file"), "mounted later\n");
    else expect(await bound.sh("ls /slave/later")).toBe("");
    if (!way.isLive) return;
    // Two file systems of the host give their first files the same number.
    const files = ["deep/below/file", "slave/later/file"].map((name) => statSync(volumes.path(name)).ino);
    expect(new Set(files).size).toBe(1);
    const identities = await bound.sh("stat -c %d:%i /recursive/below/file /slave/later/file");
    expect(new Set(identities.trim().split("\n")).size).toBe(2);
  });

  test("locks and events stay on their side", async () => {
    const { runv, volumes } = bound;
    const exec = runv.start(["exec", bound.id, "file-watch", "/live"], ["ignore", "pipe", "ignore"]);
    let output = "";
    exec.stdout?.on("data", (data: Buffer) => {
      output += data.toString();
    });
    await eventually(() => output, "held\n");
    volumes.write("live/held", "");
    execFileSync("flock", ["--nonblock", volumes.path("live/held"), "true"]);
    volumes.write("live/unnoticed", "");
    // Longer than a guest may believe what it has read.
    await bound.sh("sleep 2; ls /live; touch /live/noticed /live/last");
    expect(await exitStatus(exec)).toBe(0);
    await eventually(() => output, "held\nnoticed\nlast\n");
  });

  test("tmpfs has its size, and so has /dev/shm", async () => {
    const fill = (file: string) =>
      `dd if=/dev/zero of=${file} bs=64k count=64 2>&1 | grep -o 'No space left on device'; stat -c %s ${file}; rm ${file}`;
    const full = (bytes: number): string => `No space left on device\n${bytes}\n`;
    expect(await bound.sh(`${fill("/small/f")}; ${fill("/dev/shm/f")}`)).toBe(
      full(1_048_576) + full(2_097_152),
    );
  });

  test("processes of one guest meet at a UNIX socket", async () => {
    const talk = (socket: string) =>
      `unix-pair listen ${socket} & while ! test -S ${socket} && kill -0 $!; do sleep 0.1; done 2>/dev/null; ` +
      `unix-pair send ${socket} hello; wait $!`;
    expect(await bound.sh(talk("/dev/shm/socket"))).toBe("hello\n");
    const shared = await bound.sh(`${talk("/live/socket")}; rm -f /live/socket`);
    if (way.makesSpecialFiles) expect(shared).toBe("hello\n");
    else expect(await bound.sh("unix-pair listen /live/socket")).toContain("No such device or address");
  });

  test("locks hold between the processes of one guest, and a wait for one can be ended", async () => {
    const waited = way.flockBesideFcntl === "granted" ? "granted" : "EINTR";
    expect(await bound.sh("file-locks /live/lock")).toBe(
      [
        "fcntl of another EAGAIN",
        "flock of another EAGAIN",
        "fcntl after close granted",
        "flock after close granted",
        "fcntl of a waiter granted",
        `flock beside an own fcntl ${way.flockBesideFcntl}`,
        `waiting for it, until a signal ${waited}`,
        "",
      ].join("\n"),
    );
  });

  test.each([
    [
      "a source that is not there",
      "/no/such/source",
      ["rbind"],
      "mount /data: /no/such/source: no such file",
    ],
    ["propagation to the host", "/tmp", ["rbind", "rshared"], "rshared"],
    ["a device", "/dev/null", ["bind"], "mount /data: /dev/null is a device of the host"],
  ])("%s is refused by name", async (_what, source, options, sentence) => {
    const { runv } = bound;
    const mounts = [{ destination: "/data", type: "bind", source, options }];
    const id = runv.newId();
    const outcome = await runv.run(["run", "--bundle", runv.bundle({ args: ["true"], mounts }), id]);
    expect(outcome).toMatchObject({ status: 1, stderr: expect.stringContaining(sentence) as string });
    expect(leftoversOf(runv, id)).toEqual([]);
  });

  test("a copy comes with a warning that names the mount", async () => {
    const { runv, volumes } = bound;
    const log = `${runv.directory}/log`;
    const bundle = runv.bundle({ args: ["true"], mounts: [volumes.bind("readonly", "/data")] });
    await runv.ok(["--log", log, "run", "--bundle", bundle, runv.newId()]);
    // The file is made with its first line.
    const said = existsSync(log) ? readFileSync(log, "utf8") : "";
    expect(said).toEqual(way.isLive ? "" : expect.stringContaining("mount /data: "));
  });

  leavesNothing(() => bound.runv);
});
