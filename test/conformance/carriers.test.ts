import { createHash, randomBytes } from "node:crypto";
import { connect } from "node:net";
import path from "node:path";
import { text } from "node:stream/consumers";
import { bulkPort, controlPort, processIoPort } from "@runv/protocol";
import { describe, expect, test } from "vitest";
import { vmDirectory } from "../../runtime/src/state/vm-directory.ts";
import { dial } from "../../runtime/vsock/src/index.ts";
import { dangerousCapabilities } from "../harness/bundle.ts";
import { carrierHindrance } from "../harness/combinations.ts";
import { eventually, leavesNothing, useRunv } from "../harness/leftovers.ts";
import { exitStatus, type Runv } from "../harness/runv.ts";
import { piecesOf } from "../harness/vm-pieces.ts";

const dialTimeoutMs = 20_000;
const unusedPort = 1027;
const parallelProcesses = 8;
const waitingConnections = 20;

interface Carried {
  readonly carrier: string;
  readonly machine: string;
  /** Sent there and back in one piece. */
  readonly transferBytes: number;
  /** How the root file system gets in: a slow carrier must not carry it. */
  readonly rootfs: string;
}

const carried: readonly Carried[] = [
  { carrier: "vhost-vsock", machine: "microvm", transferBytes: 8 << 20, rootfs: "stream" },
  { carrier: "vhost-user-vsock", machine: "microvm", transferBytes: 8 << 20, rootfs: "stream" },
  { carrier: "vhost-user-vsock", machine: "q35", transferBytes: 8 << 20, rootfs: "stream" },
  { carrier: "virtio-serial", machine: "microvm", transferBytes: 8 << 20, rootfs: "stream" },
  { carrier: "virtio-serial", machine: "q35", transferBytes: 8 << 20, rootfs: "stream" },
  { carrier: "virtio-serial", machine: "pc", transferBytes: 8 << 20, rootfs: "stream" },
  { carrier: "isa-serial", machine: "q35", transferBytes: 256 << 10, rootfs: "9p" },
  { carrier: "isa-serial", machine: "pc", transferBytes: 256 << 10, rootfs: "9p" },
];

const checksum = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** What an exec answers to these bytes on its stdin. */
async function answer(runv: Runv, argv: readonly string[], input: Uint8Array): Promise<[number, string]> {
  const child = runv.start(["exec", ...argv], ["pipe", "pipe", "inherit"]);
  if (child.stdin === null || child.stdout === null) throw new Error("no pipes");
  child.stdin.end(input);
  const output = text(child.stdout);
  return [await exitStatus(child), await output];
}

describe.each(carried)("$carrier on $machine", ({ carrier, machine, transferBytes, rootfs }) => {
  const problem = carrierHindrance(carrier);
  if (problem === null) conforms({ carrier, machine, transferBytes, rootfs });
  else test("cannot be tried here", (context) => context.skip(problem));
});

function conforms({ carrier, machine, transferBytes, rootfs }: Carried): void {
  const runv = useRunv({ env: { RUNV_CARRIER: carrier, RUNV_MACHINE: machine, RUNV_ROOTFS: rootfs } });
  let container = "";
  const socketPath = (): string => path.join(vmDirectory(runv().root, container), "vsock.sock");

  test("carries a container's start", async () => {
    container = await runv().running();
    expect(await runv().status(container)).toBe("running");
    const { stderr } = await runv().run(["--debug", "exec", container, "true"]);
    expect(stderr).not.toContain("failed");
  });

  test("a large transfer comes back as it went", async () => {
    const bytes = randomBytes(transferBytes);
    const [status, sum] = await answer(
      runv(),
      [container, "sh", "-c", "tee /dev/shm/copy | sha256sum"],
      bytes,
    );
    expect([status, sum.slice(0, 64)]).toEqual([0, checksum(bytes)]);
    const back = runv().start(["exec", container, "cat", "/dev/shm/copy"], ["ignore", "pipe", "inherit"]);
    if (back.stdout === null) throw new Error("no pipe");
    const hash = createHash("sha256");
    for await (const piece of back.stdout) hash.update(piece as Buffer);
    expect([await exitStatus(back), hash.digest("hex")]).toEqual([0, checksum(bytes)]);
  });

  test("one side ends its sending, and the answer still comes", async () => {
    const [status, output] = await answer(
      runv(),
      [container, "sh", "-c", "wc -c; echo ended"],
      randomBytes(5000),
    );
    expect([status, output]).toEqual([0, "5000\nended\n"]);
  });

  test(`${parallelProcesses} streams at once, each with its own bytes`, async () => {
    const inputs = Array.from({ length: parallelProcesses }, () => randomBytes(20_000));
    const outcomes = await Promise.all(
      inputs.map(async (input) => answer(runv(), [container, "sha256sum"], input)),
    );
    expect(outcomes.map(([status, sum]) => [status, sum.slice(0, 64)])).toEqual(
      inputs.map((input) => [0, checksum(input)]),
    );
  });

  test("a stream that nobody reads holds up no other", async () => {
    const stalled = runv().start(["exec", container, "cat", "/dev/zero"], ["ignore", "pipe", "inherit"]);
    await new Promise((resolve) => stalled.stdout?.once("readable", resolve));
    const bytes = randomBytes(100_000);
    const [status, sum] = await answer(runv(), [container, "sha256sum"], bytes);
    expect([status, sum.slice(0, 64)]).toEqual([0, checksum(bytes)]);
    stalled.stdout?.destroy();
    await exitStatus(stalled);
  });

  test("a connection that breaks takes its process along, and nothing else", async () => {
    const before = piecesOf(runv(), container).proxies.map(({ pid }) => pid);
    const child = runv().start(["exec", container, "sleep", "987654"], ["ignore", "ignore", "inherit"]);
    const sleeps = async (): Promise<boolean> =>
      (await runv().run(["exec", container, "ps"])).stdout.includes("sleep 987654");
    await eventually(sleeps, true);
    const proxy = piecesOf(runv(), container).proxies.find(({ pid }) => !before.includes(pid));
    if (proxy === undefined) throw new Error("no proxy of the exec");
    process.kill(proxy.pid, "SIGKILL");
    await exitStatus(child);
    await eventually(sleeps, false);
  });

  test("a port on which nobody listens refuses, and the agent's are open", async () => {
    const ports = [unusedPort, controlPort, processIoPort, bulkPort];
    const outcomes = await Promise.all(
      ports.map(async (port) =>
        dial({ socketPath: socketPath(), port, timeoutMs: dialTimeoutMs }).then(
          (socket) => {
            socket.destroy();
            return "open";
          },
          () => "refused",
        ),
      ),
    );
    expect(outcomes).toEqual(["refused", "open", "open", "open"]);
  });

  test("connections that say nothing, or go away at once, cost the others nothing", async () => {
    const silent = await Promise.all(
      Array.from({ length: waitingConnections }, async () =>
        dial({ socketPath: socketPath(), port: bulkPort, timeoutMs: dialTimeoutMs }),
      ),
    );
    for (let count = 0; count < waitingConnections; count++) connect(socketPath()).end("CONNECT 1025\n");
    const [status, output] = await answer(runv(), [container, "cat"], Buffer.from("all the same"));
    expect([status, output]).toEqual([0, "all the same"]);
    for (const socket of silent) socket.destroy();
  });

  test("no container opens the carrier, or the console, whatever it is allowed", async () => {
    const privileged = await runv().running({
      args: ["sleep", "1000000"],
      capabilities: dangerousCapabilities,
      deviceRules: [{ allow: true, access: "rwm" }],
    });
    const opens = async (device: string): Promise<string> => {
      const script = `mknod /dev/x c ${device} && (: < /dev/x) && echo open; rm -f /dev/x`;
      const { stdout, stderr } = await runv().run(["exec", privileged, "sh", "-c", script]);
      return `${stdout}${stderr}`;
    };
    const ports = await runv().run(["exec", privileged, "sh", "-c", "cat /sys/class/virtio-ports/*/dev"]);
    const virtioPort = ports.stdout.trim().replace(":", " ");
    const own = { "virtio-serial": virtioPort, "isa-serial": "4 65" }[carrier];
    for (const device of ["4 64", "5 1", ...(own === undefined ? [] : [own])])
      expect([device, await opens(device)]).toEqual([device, expect.stringContaining("not permitted")]);
    expect(await opens("10 183")).toBe("open\n");
  });

  leavesNothing(runv);
}
