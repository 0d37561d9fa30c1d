import { encodeHello, parseHello } from "@runv/protocol";
import { expect, it, test } from "vitest";
import { checkPreserved, listeningCount } from "../../../../runtime/src/container/preserved.ts";

it.each([
  [{ LISTEN_FDS: "2", LISTEN_PID: "77" }, 2],
  [{ LISTEN_FDS: "2", LISTEN_PID: "78" }, 0],
  [{ LISTEN_FDS: "2" }, 0],
  [{ LISTEN_FDS: "-1", LISTEN_PID: "77" }, 0],
  [{ LISTEN_FDS: "two", LISTEN_PID: "77" }, 0],
  [{ LISTEN_PID: "77" }, 0],
])("socket activation of process 77 by %j: %d descriptors", (environment, count) => {
  expect(listeningCount(environment, 77)).toBe(count);
});

test("more than a stream's number can tell are refused, before any is looked at", () => {
  const many = { listening: 200, asked: 54 };
  expect(() => checkPreserved(many)).toThrow("--preserve-fds: 254 descriptors: at most 253 can be preserved");
});

it.each([0, 1, 253])("HELLO tells of %d preserved descriptors", (preserved) => {
  const name = { container: "c1", process: "e1" };
  const text = encodeHello(name, preserved);
  expect(JSON.parse(text)).toMatchObject({ version: preserved === 0 ? 1 : 2 });
  expect(parseHello(text)).toEqual({ ...name, preserved });
});

it.each([0, 254, 1.5, -1, "1", null])("HELLO of version 2 with %j of them is none", (preserved) => {
  expect(parseHello(JSON.stringify({ version: 2, container: "c1", process: "", preserved }))).toBeNull();
});
