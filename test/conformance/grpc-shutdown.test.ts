import { once } from "node:events";
import * as grpc from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { EchoClient } from "../fixtures/grpc/echo-client.ts";
import { startEchoServer } from "../fixtures/grpc/echo-server.ts";

test("a graceful shutdown lets calls that run end, and takes no more", async () => {
  const server = await startEchoServer();
  const client = new EchoClient(server.socketPath);
  await client.unary({ text: "connected" });
  const running = client.unary({ text: "running", delayMs: 500 });
  await client.observe();
  const stopped = server.stop();
  expect((await running).text).toBe("running");
  expect(await stopped).toEqual({ exitCode: 0, stderr: "" });
  await expect(client.unary({})).rejects.toMatchObject({ code: grpc.status.UNAVAILABLE });
  client.close();
});

test("calls that do not end within the grace are cancelled, and everything is released", async () => {
  const server = await startEchoServer();
  const client = new EchoClient(server.socketPath);
  const call = client.repeat({ count: 1_000_000, delayMs: 1 });
  const failed = once(call, "error");
  await once(call, "data");
  call.resume();
  expect(await server.stop()).toEqual({ exitCode: 0, stderr: "" });
  await failed;
  client.close();
});
