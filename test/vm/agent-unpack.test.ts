import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { sharedGuest } from "../harness/agent-guest.ts";
import { openBulk, runContainer, runUnpacked, sendRootfs, specContainer } from "../harness/container.ts";
import { archive, entry } from "../unit/native/tar-blocks.ts";

const shared = sharedGuest();

async function unpack(id: string, bytes: Buffer, limits: { maxBytes?: number } = {}): Promise<unknown> {
  const answer = shared.agent.storage.unpack({ containerId: id, ...limits });
  const socket = await openBulk(shared.guest, id);
  socket.end(bytes);
  return answer;
}

test("what is no archive is an error, and the sender sees it", async () => {
  await expect(unpack("noise", randomBytes(1 << 20))).rejects.toMatchObject({ code: "invalid-argument" });
});

test("a stream that ends early is an error", async () => {
  await expect(unpack("short", Buffer.alloc(100))).rejects.toMatchObject({ code: "invalid-argument" });
});

const file = (name: string) => entry({ name, content: "hostile" });
const symlink = (name: string, link: string) => entry({ name, type: "2", link });
const hardLink = (name: string, link: string) => entry({ name, type: "1", link });
/** Way from the place of one rootfs in the guest to that of another container, and to the guest's own files. */
const witness = "../../witness/rootfs";
const hostile: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  ["an absolute name", archive(file("/init"))],
  ["a .. to another container", archive(file(`${witness}/planted`))],
  ["a file through a symlink", archive(symlink("s", witness), file("s/planted"))],
  ["a file through an absolute symlink", archive(symlink("s", "/"), file("s/planted"))],
  ["a hard link to another container's file", archive(hardLink("h", `${witness}/bin/busybox`))],
  ["a hard link through a symlink", archive(symlink("s", "/"), hardLink("h", "s/init"))],
  ["a file larger than the disk", archive(entry({ name: "f", size: "77777777777" }))],
  ["a file cut off", archive(file("f")).subarray(0, 700)],
];

test("hostile archives are errors, and change nothing in another container", async () => {
  await sendRootfs(shared.agent, shared.guest, "witness");
  for (const [index, [what, bytes]] of hostile.entries())
    await expect(unpack(`hostile-${index}`, Buffer.from(bytes)), what).rejects.toMatchObject({
      code: "invalid-argument",
    });
  const script = "ls -A /; sha256sum /bin/busybox";
  const program = ["sh", "-c", script];
  const plain = await runContainer(shared.agent, shared.guest, specContainer("plain", program));
  const seen = await runUnpacked(shared.agent, shared.guest, specContainer("witness", program));
  expect(seen).toEqual(plain);
  expect(seen.exitCode).toBe(0);
});

test("a name that leads elsewhere is refused", async () => {
  for (const id of ["..", ".", "a/b", "", "x".repeat(256)])
    await expect(shared.agent.storage.unpack({ containerId: id })).rejects.toMatchObject({
      code: "invalid-argument",
    });
});

test("after all that, a container runs", async () => {
  expect((await runContainer(shared.agent, shared.guest, specContainer("noise", ["true"]))).exitCode).toBe(0);
});

test("a rootfs is unpacked once, and its place is free after delete", async () => {
  await sendRootfs(shared.agent, shared.guest, "twice");
  await expect(shared.agent.storage.unpack({ containerId: "twice" })).rejects.toMatchObject({
    code: "already-exists",
  });
  await shared.agent.containers.delete({ containerId: "twice" });
  await expect(shared.agent.containers.delete({ containerId: "twice" })).rejects.toMatchObject({
    code: "not-found",
  });
  await sendRootfs(shared.agent, shared.guest, "twice");
});
