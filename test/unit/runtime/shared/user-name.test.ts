import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { ownUserName, userName } from "../../../../runtime/src/shared/user-name.ts";

test("the name of a uid", () => {
  const passwd = "root:x:0:0::/root:/bin/sh\nme:x:1000:1000::/:/bin/sh\n";
  expect([userName(0, passwd), userName(1000, passwd), userName(7, passwd)]).toEqual(["root", "me", "#7"]);
});

test("one's own, whatever the environment says", () => {
  expect(ownUserName()).toBe(execFileSync("id", ["-un"], { encoding: "utf8" }).trim());
});
