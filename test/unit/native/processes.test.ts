import { expect, test } from "vitest";
import { scenario } from "../../harness/native-fixture.ts";

test("children are reaped on SIGCHLD with status or signal", async () => {
  expect(await scenario("reapsOnSignal")).toMatchObject({
    results: [
      { exitCode: 42, signal: 0 },
      { exitCode: 0, signal: 9 },
      { exitCode: 0, signal: 15 },
    ],
    none: { code: "ECHILD" },
  });
});

test("a child starts with no signal blocked or ignored", async () => {
  expect(await scenario("childrenAreClean")).toEqual([
    "SigBlk: 0000000000000000",
    "SigIgn: 0000000000000000",
  ]);
});

test("a forked child has a loop of its own and leaves the parent's alone", async () => {
  expect(await scenario("childHasItsOwnLoop")).toEqual(["from the child", "from the parent"]);
});

test("clone makes namespaces, and shares nothing", async (context) => {
  if (process.getuid?.() !== 0) context.skip("namespaces need root");
  expect(await scenario("namespaces")).toMatchObject({
    text: "1 inside\n",
    status: 0,
    refused: { name: "RangeError" },
  });
});

test("ids, capabilities, limits and a filter take hold", async (context) => {
  if (process.getuid?.() !== 0) context.skip("changing ids needs root");
  expect(await scenario("credentials")).toEqual({
    status: 0,
    seen: {
      found: [
        "Uid: 4321 4321 4321 4321",
        "Gid: 1234 1234 1234 1234",
        "Groups: 7 8",
        "CapPrm: 0000000000000009",
        "CapEff: 0000000000000001",
        "NoNewPrivs: 1",
        "Seccomp: 2",
        "Max open files 50 60 files",
      ],
      ppid: -1,
    },
  });
});

test("a terminal: size, controlling terminal, raw and back", async () => {
  expect(await scenario("terminal")).toMatchObject({
    text: "33 101\r\nyes\r\n",
    raw: "raw\n",
    cooked: "cooked\r\n",
    size: { rows: 33, columns: 101 },
    answers: [true, false],
    noTerminal: { code: "ENOTTY" },
  });
});
