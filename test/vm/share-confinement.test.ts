import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dangerousCapabilities } from "../harness/bundle.ts";
import { descriptorLimitOf, sharingDescriptorLimit } from "../harness/descriptor-limits.ts";
import { statusOf } from "../harness/host-processes.ts";
import { leavesNothing } from "../harness/leftovers.ts";
import { Runv } from "../harness/runv.ts";
import { shareWays } from "../harness/share-ways.ts";
import { piecesOf, virtiofsdsOf } from "../harness/vm-pieces.ts";

/** Numbers of capabilities(7) with which a server could leave its mount namespace, or open files that no path leads to. */
const forbidden = { dacReadSearch: 2, sysModule: 16, sysRawio: 17, sysPtrace: 19, sysAdmin: 21 };
const shared = shareWays.filter(({ isLive }) => isLive);

describe.each(shared)("a container with every right in its guest, sharing by $name", (way) => {
  const runv = new Runv({ env: way.env() });
  const secret = path.join(runv.directory, "secret");
  const volume = path.join(runv.directory, "tree/volume");
  let id = "";

  beforeAll(async () => {
    writeFileSync(secret, "of the host\n");
    mkdirSync(path.join(runv.mkdir("tree/readonly"), "directory"));
    mkdirSync(volume);
    symlinkSync(secret, path.join(volume, "absolute"));
    symlinkSync("../../secret", path.join(volume, "relative"));
    symlinkSync("/proc/self/root", path.join(volume, "process"));
    const mounts = [
      { destination: "/volume", type: "bind", source: volume, options: ["rbind"] },
      {
        destination: "/readonly",
        type: "bind",
        source: path.join(volume, "../readonly"),
        options: ["bind", "ro"],
      },
    ];
    const capabilities = [...dangerousCapabilities, "CAP_SYS_CHROOT", "CAP_FOWNER", "CAP_DAC_READ_SEARCH"];
    const deviceRules = [{ allow: true, access: "rwm" }];
    id = await runv.running({ args: ["sleep", "1000000"], mounts, capabilities, deviceRules });
  });
  afterAll(async () => runv.dispose());

  const sh = async (script: string): Promise<string> =>
    (await runv.run(["exec", id, "sh", "-c", `exec 2>&1; ${script}`])).stdout;

  test("reaches nothing by links and parents", async () => {
    const up = "../".repeat(30);
    const tries = ["absolute", "relative", `process${secret}`, `${up}secret`, `${up}${secret}`];
    const script = tries.map((name) => `cat '/volume/${name}'; cd /volume && cat '${name}'`).join("; ");
    const answers = (await sh(script)).trim().split("\n");
    expect(answers).toHaveLength(2 * tries.length);
    expect(answers.filter((line) => !line.endsWith("No such file or directory"))).toEqual([]);
  });

  test("finds in the share what was shared, and as it was shared", async () => {
    // The 9p client has one mount for a device; of virtiofs the kernel gives out any file system that it has of the share, also one below its root.
    const type = way.name === "9p" ? "9p -o trans=virtio,version=9p2000.L" : "virtiofs";
    const mounted = await sh(`mkdir -p /again && mount -t ${type} runv /again && echo mounted`);
    expect(mounted.endsWith("mounted\n")).toBe(way.name !== "9p");
    const everything = (await sh("find /again | grep -v '^/again$'; umount /again")).split("\n");
    const known = /^\/again(\/[\w-]+)?(\/mount[67])?\/?(absolute|relative|process|directory)?$|^$|umount/;
    expect(everything.filter((name) => !known.test(name))).toEqual([]);
    await sh(
      `mount -t ${type} runv /again; cd /again && touch new */new */*/new; rm -r directory */directory */*/directory`,
    );
    expect(readdirSync(path.join(volume, "../readonly"))).toEqual(["directory"]);
    expect(readdirSync(runv.directory)).not.toContain("new");
  });

  test("has only the guest's devices", async () => {
    const numbers = "b 8 0";
    const made = await sh(
      `mknod /volume/disk ${numbers} && echo made; dd if=/volume/disk count=1 of=/dev/null`,
    );
    if (way.makesSpecialFiles) expect(made).toContain("made\n");
    expect(made).toMatch(/can't open|No such device/);
  });

  test("is served by a process that has nothing else", () => {
    const servers = way.name === "9p" ? [piecesOf(runv, id).vmm.pid] : virtiofsdsOf(id);
    expect(servers.length).toBeGreaterThan(0);
    for (const pid of servers) {
      const effective = BigInt(`0x${statusOf(pid, "CapEff")}`);
      const held = Object.entries(forbidden).filter(([, bit]) => (effective >> BigInt(bit)) & 1n);
      expect(held.map(([name]) => name)).toEqual([]);
      const lines = readFileSync(`/proc/${pid}/mountinfo`, "utf8").trim().split("\n");
      const mounts = lines.map((line) => line.split(" "));
      const trees = mounts.filter(([, , , root]) => root?.includes(path.basename(runv.directory)));
      expect(trees.map(([, , , , where]) => where?.replace(/^\/share/, "")).sort()).toEqual([
        `/${id}/mount6`,
        `/${id}/mount7`,
      ]);
      for (const [, , , , , options] of trees)
        expect(options?.split(",")).toEqual(expect.arrayContaining(["nosuid", "nodev", "noexec"]));
      expect(() => readFileSync(`/proc/${pid}/root${secret}`)).toThrow("ENOENT");
      expect(descriptorLimitOf(pid)).toBe(sharingDescriptorLimit());
      const top = readdirSync(`/proc/${pid}/root`);
      const share = top.includes("share") ? `/proc/${pid}/root/share` : `/proc/${pid}/root`;
      expect(readdirSync(share)).toEqual([id]);
      expect(readdirSync(`${share}/${id}`).sort()).toEqual(["mount6", "mount7"]);
    }
  });

  leavesNothing(() => runv);
});
