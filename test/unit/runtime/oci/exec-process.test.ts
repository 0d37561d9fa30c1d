import { describe, expect, test } from "vitest";
import {
  type ExecFlags,
  execProcessSpec,
  parseSubCgroups,
} from "../../../../runtime/src/oci/exec-process.ts";
import { parseSpec } from "../../../../runtime/src/oci/parse-spec.ts";
import { minimalSpec, withMember } from "./minimal-spec.ts";

const container = parseSpec(
  withMember(withMember(minimalSpec(), "process.env", ["A=1"]), "process.user", {
    uid: 5,
    gid: 6,
    additionalGids: [7],
  }),
  () => undefined,
).process;

const flags: ExecFlags = {
  args: ["id"],
  cwd: null,
  env: [],
  tty: false,
  user: null,
  additionalGids: [],
  noNewPrivileges: null,
  capabilities: [],
};

test("without flags it is the container's process with other args", () => {
  expect(execProcessSpec(container, flags)).toEqual({ ...container, args: ["id"] });
});

test.each([
  [{ env: ["A=2"] }, { env: ["A=1", "A=2"] }],
  [{ cwd: "/tmp" }, { cwd: "/tmp" }],
  [{ user: "1" }, { user: { uid: 1, gid: 6, additionalGids: [7], umask: null } }],
  [{ user: "1:2", additionalGids: ["8"] }, { user: { uid: 1, gid: 2, additionalGids: [7, 8], umask: null } }],
  [{ tty: true }, { terminal: true }],
  [{ noNewPrivileges: true }, { noNewPrivileges: true }],
  [
    { capabilities: ["CAP_KILL"] },
    {
      capabilities: {
        bounding: ["CAP_KILL"],
        effective: ["CAP_KILL"],
        permitted: ["CAP_KILL"],
        ambient: ["CAP_KILL"],
        inheritable: [],
      },
    },
  ],
])("%j", (given, expected) => {
  expect(execProcessSpec(container, { ...flags, ...given })).toMatchObject(expected);
});

test.each([
  [{ args: [] }, "process args cannot be empty"],
  [{ cwd: "tmp" }, "must be an absolute path"],
  [{ user: "root" }, "must be a numeric id"],
  [{ user: "1:" }, "must be a numeric id"],
  [{ additionalGids: ["-1"] }, "must be a numeric id"],
  [{ env: ["A"] }, "of the form NAME=value"],
  [{ capabilities: ["CAP_NONE"] }, "unknown capability"],
])("%j is refused", (given, why) => {
  expect(() => execProcessSpec(container, { ...flags, ...given })).toThrow(why);
});

describe("exec --cgroup", () => {
  test.each([
    [[], []],
    [["sub//deep/."], [{ controller: "", path: "sub/deep" }]],
    [["/"], [{ controller: "", path: "" }]],
    [["cpu,memory:sub"], ["cpu", "memory"].map((controller) => ({ controller, path: "sub" }))],
    [
      ["cpu:a", "pids:/"],
      [
        { controller: "cpu", path: "a" },
        { controller: "pids", path: "" },
      ],
    ],
  ])("%j", (texts, subs) => {
    expect(parseSubCgroups(texts)).toEqual(subs);
  });

  test.each([
    [["a:b:c"], "invalid --cgroup argument: a:b:c"],
    [["a", "cpu:b"], "invalid --cgroup argument: a (missing <controller>: prefix)"],
    [["cpu,:b"], "invalid --cgroup argument: cpu,:b"],
    [["cpu:../b"], "not below the container's: ../b"],
  ])("%j is refused", (texts, why) => {
    expect(() => parseSubCgroups(texts)).toThrow(why);
  });
});
