import { expect, test } from "vitest";
import { scenario } from "../../harness/native-fixture.ts";
import { withTemporaryDirectory } from "../../harness/temporary-directory.ts";

test("files are read and written whole, within a bound", async () => {
  const seen = await withTemporaryDirectory(async (directory) => scenario("wholeFiles", directory));
  expect(seen).toMatchObject({
    text: "grüße\n",
    exact: "grüße\n",
    over: { code: "EFBIG" },
    mode: 0o640,
    sizeBytes: 20,
    listed: ["file"],
  });
});

test("a tree is removed to any depth, and what its symlinks point to stays", async () => {
  const left = await withTemporaryDirectory(async (directory) => scenario("removesTrees", directory));
  expect(left).toEqual(["kept", "file"]);
});

test("a tree is not removed through a mount", async (context) => {
  if (process.getuid?.() !== 0) context.skip("mounting needs root");
  const seen = await withTemporaryDirectory(async (directory) => scenario("sparesMounts", directory));
  expect(seen).toMatchObject({ status: 0, error: { code: "EBUSY" }, kept: ["file"] });
});

test("all descriptors but the kept are closed", async () => {
  // stdin, stdout, stderr, the kept one and the one that lists them
  expect(await scenario("descriptors")).toMatchObject({
    left: 5,
    again: { code: "EBADF" },
    copy: true,
  });
});

test("descriptors pass through a socket; too many are refused and none leaks", async () => {
  expect(await scenario("passesDescriptors")).toMatchObject({
    text: "two",
    count: 2,
    through: "through",
    refused: { code: "EMSGSIZE" },
    none: { code: "EMSGSIZE" },
    leaked: 0,
  });
});

test("UNIX sockets: mode, accept, half-close, refusal", async () => {
  const seen = await withTemporaryDirectory(async (directory) => scenario("unixSockets", directory));
  expect(seen).toMatchObject({
    mode: 0o600,
    nobody: null,
    cid: -1,
    text: "hello",
    empty: { code: "EAGAIN" },
    end: 0,
    refused: { code: "ENOENT" },
  });
});
