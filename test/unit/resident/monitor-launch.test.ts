import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  consoleMaxBytes,
  makeVmDirectory,
  monitorSpec,
  removeVmDirectories,
  shell,
} from "./support/monitor-spec.ts";
import { eventually, isRunning, openDescriptors, statusField } from "./support/proc.ts";
import { buildTimeoutMs, residentProgram } from "./support/programs.ts";
import { killStartedResidents, startResident } from "./support/resident.ts";

let program = "";
beforeAll(() => {
  program = residentProgram("monitor");
}, buildTimeoutMs);
afterEach(() => {
  killStartedResidents();
  removeVmDirectories();
});

interface Identity {
  readonly name: string;
  readonly pid: number;
  readonly startTicks: number;
}

async function launched(spec: object): Promise<{ vmm: Identity; helpers: Identity[]; pid: number }> {
  const monitor = startResident(program, spec);
  const event = await monitor.nextEvent();
  expect(event).toMatchObject({ event: "launched" });
  return { ...(event as { vmm: Identity; helpers: Identity[] }), pid: monitor.pid };
}

describe("a launched VM", () => {
  it("is reported with pids and start times", async () => {
    const directory = makeVmDirectory();
    const helper = shell(directory, "helper", "touch /dir/ready; exec sleep 100", {
      root: withBind(directory, "/dir"),
      readyFiles: [`${directory}/shared/ready`],
    });
    const spec = monitorSpec(directory, [helper, shell(directory, "vmm", "exec sleep 100")], {
      ownedDirectories: [`${directory}/shared`],
    });
    const { vmm, helpers } = await launched(spec);
    expect(helpers.map(({ name }) => name)).toEqual(["helper"]);
    for (const { pid, startTicks } of [vmm, ...helpers]) {
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      expect(Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19])).toBe(startTicks);
    }
  });

  it("runs without privileges, as a user of its own", async () => {
    const directory = makeVmDirectory();
    const { vmm, pid } = await launched(monitorSpec(directory, [shell(directory, "vmm", "exec sleep 100")]));
    const user = String(1_879_048_192 + pid);
    expect(statusField(vmm.pid, "Uid").split(/\s+/)).toEqual([user, user, user, user]);
    expect(statusField(vmm.pid, "Gid").split(/\s+/)).toEqual([user, user, user, user]);
    expect(statusField(vmm.pid, "Groups")).toBe("");
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
      expect(statusField(vmm.pid, set)).toBe("0000000000000000");
    }
    expect(statusField(vmm.pid, "NoNewPrivs")).toBe("1");
    expect(readFileSync(`/proc/${vmm.pid}/limits`, "latin1")).toMatch(/Max core file size +0 +0/);
  });

  it("sees nothing of the host but what the spec names, and cannot change it", async () => {
    const directory = makeVmDirectory();
    const script = "ls -A / /dev; touch /x /usr/bin/x /tmp/x; cat /etc/passwd; ls /proc; exec sleep 100";
    const { vmm } = await launched(monitorSpec(directory, [shell(directory, "vmm", script)]));
    const log = (): string => readFileSync(`${directory}/vmm.log`, "utf8");
    await eventually("the script has run", () => log().includes("'/proc'"));
    expect(log()).toContain("/:\nbin\ndev\nlib\nlib64\ntmp\nusr\n\n/dev:\nnull\n");
    for (const path of ["/x", "/usr/bin/x", "/tmp/x"])
      expect(log()).toContain(`touch: cannot touch '${path}'`);
    expect(log()).toMatch(/passwd: No such file/);
    expect(readdirSync(`/proc/${vmm.pid}/root`).sort()).toEqual(["bin", "dev", "lib", "lib64", "tmp", "usr"]);
    for (const namespace of ["mnt", "net", "ipc", "uts", "pid"]) {
      expect(statSync(`/proc/${vmm.pid}/ns/${namespace}`).ino).not.toBe(
        statSync(`/proc/self/ns/${namespace}`).ino,
      );
    }
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(directory);
  });

  it("has the descriptors that the spec names and no others", async () => {
    const directory = makeVmDirectory();
    writeFileSync(`${directory}/disk`, "content");
    const disk = openSync(`${directory}/disk`, "r");
    const leaked = openSync("/etc/hostname", "r");
    const script =
      "cat <&{fd:disk}; echo cid={cid} tsc={tscKhz} other={x}; echo from-the-guest >&{fd:serial}; exec sleep 100";
    const vmm = shell(directory, "vmm", script, {
      descriptors: {
        disk: { kind: "inherited", number: 4 },
        serial: { kind: "console" },
        listener: { kind: "unix-listen", path: `${directory}/listener.sock` },
        mine: { kind: "open", path: `${directory}/disk`, write: true },
      },
    });
    const monitor = startResident(program, monitorSpec(directory, [vmm]), { files: [disk, leaked] });
    const event = (await monitor.nextEvent()) as { vmm: Identity };
    expect(event).toMatchObject({ event: "launched" });
    monitor.commit();
    await eventually("the console has arrived", () =>
      readFileSync(`${directory}/console`, "utf8").includes("from-the-guest"),
    );
    const open = openDescriptors(event.vmm.pid);
    expect(open.size).toBe(3 + 4);
    expect(open.get(0)).toBe("/dev/null");
    expect([...open.values()].filter((target) => target.endsWith("/disk"))).toHaveLength(2);
    expect(statSync(`${directory}/listener.sock`).mode & 0o777).toBe(0o600);
    expect(readFileSync(`${directory}/vmm.log`, "utf8")).toMatch(
      /^contentcid=0 tsc=[1-9]\d{5,} other=\{x\}\n$/,
    );
    expect([...openDescriptors(monitor.pid).values()].filter((path) => path.endsWith("hostname"))).toEqual(
      [],
    );
  });

  it("keeps the end of a flood on log and console, in bounded files", async () => {
    const directory = makeVmDirectory();
    const flood =
      "i=0; while [ $i -lt 4000 ]; do echo line-$i-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; i=$((i+1)); done";
    const script = `${flood}; echo end; (${flood}; echo end) >&{fd:serial}; exec sleep 100`;
    const descriptors = { serial: { kind: "console" } } as const;
    await launched(monitorSpec(directory, [shell(directory, "vmm", script, { descriptors })]));
    for (const file of ["vmm.log", "console"]) {
      await eventually(`the end of ${file}`, () =>
        readFileSync(`${directory}/${file}`, "utf8").endsWith("x\nend\n"),
      );
      const { size } = statSync(`${directory}/${file}`);
      expect(size).toBeLessThanOrEqual(consoleMaxBytes);
      expect(size).toBeGreaterThan(consoleMaxBytes / 2 - 64);
    }
  });

  it("holds nothing of its caller: no stdio, no working directory, no session", async () => {
    const directory = makeVmDirectory();
    const spec = monitorSpec(directory, [shell(directory, "vmm", "exec sleep 100")]);
    const monitor = startResident(program, spec, { stdio: ["pipe", "pipe", "pipe"], detached: false });
    const ends = [monitor.child.stdout, monitor.child.stderr].map(
      async (stream) => new Promise((resolve) => stream?.on("end", resolve).resume()),
    );
    expect(await monitor.nextEvent()).toMatchObject({ event: "launched" });
    monitor.commit();
    await Promise.all(ends);
    expect(isRunning(monitor.pid)).toBe(true);
    const open = openDescriptors(monitor.pid);
    await eventually("descriptor 3 closed", () => !openDescriptors(monitor.pid).has(3));
    expect([0, 1, 2].map((fd) => open.get(fd))).toEqual(["/dev/null", "/dev/null", "/dev/null"]);
    const fields = readFileSync(`/proc/${monitor.pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
    expect(Number(fields[3])).toBe(monitor.pid);
    expect(existsSync(`${directory}/vsock.sock`)).toBe(true);
    for (const socket of ["vsock.sock", "agent.sock"]) {
      expect(statSync(`${directory}/${socket}`).mode & 0o777).toBe(0o600);
    }
  });
});

function withBind(directory: string, target: string): ReturnType<typeof shell>["root"] {
  mkdirSync(`${directory}/shared`);
  const { root } = shell(directory, "any", "");
  const bind = { source: `${directory}/shared`, target, readonly: false, optional: false };
  return { ...root, binds: [...root.binds, bind] };
}
