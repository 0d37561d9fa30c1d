import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { sharedGuest } from "../harness/agent-guest.ts";
import { openBulk, runContainer, sendRootfs, specContainer } from "../harness/container.ts";

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
