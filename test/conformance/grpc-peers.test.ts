import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EchoServer, startEchoServer } from "../fixtures/grpc/echo-server.ts";
import { caseCount } from "../harness/sample.ts";

const requests = caseCount({ sample: 2_000, full: 50_000 });

let server: EchoServer;
let relay: Server;

/** nghttp dials TCP only. */
beforeAll(async () => {
  server = await startEchoServer();
  relay = createServer((socket) => {
    const upstream = connect(server.socketPath);
    socket.pipe(upstream).pipe(socket);
    socket.on("error", () => upstream.destroy());
    upstream.on("error", () => socket.destroy());
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
});
afterAll(async () => {
  relay.close();
  expect(await server.stop()).toEqual({ exitCode: 0, stderr: "" });
});

function baseUrl(): string {
  const address = relay.address() as AddressInfo;
  return `http://127.0.0.1:${address.port}`;
}

const grpcOptions = ["-H", ":method: POST", "-H", "content-type: application/grpc", "-H", "te: trailers"];

test("nghttp: a request that is not gRPC gets its status, and the connection ends well", async () => {
  const { stdout } = await execa("nghttp", ["-v", "-n", `${baseUrl()}/x`]);
  expect(stdout).toContain(":status: 405");
  expect(stdout).not.toContain("PROTOCOL_ERROR");
});

test("nghttp: a gRPC call without a message gets trailers", async () => {
  const { stdout } = await execa("nghttp", [
    "-v",
    "-n",
    ...grpcOptions,
    `${baseUrl()}/runv.test.v1.Echo/Collect`,
  ]);
  expect(stdout).toContain(":status: 200");
  expect(stdout).toContain("grpc-status: 0");
});

test(`h2load: ${requests} gRPC calls on 4 connections, 20 streams each`, async () => {
  const { stdout } = await execa("h2load", [
    ...["-n", String(requests), "-c", "4", "-m", "20", ...grpcOptions],
    ...["-B", `unix:${server.socketPath}`, "http://localhost/runv.test.v1.Echo/Collect"],
  ]);
  expect(stdout).toContain(`${requests} succeeded, 0 failed, 0 errored, 0 timeout`);
  expect(stdout).toContain(`status codes: ${requests} 2xx`);
});
