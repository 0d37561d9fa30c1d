import { expect, test } from "vitest";
import { homeInPasswd } from "../../../agent/src/linux/passwd.ts";

const passwd =
  "root:x:0:0:root:/root:/bin/sh\nbroken\nempty:x:7:7:::\nsecond:x:0:0::/second:/bin/sh\n::::::\n";

test("the first entry of a user gives the home", () => {
  expect(homeInPasswd(passwd, 0)).toBe("/root");
});

test("a user without entry or home lives in /", () => {
  expect(homeInPasswd(passwd, 1000)).toBe("/");
  expect(homeInPasswd(passwd, 7)).toBe("/");
  expect(homeInPasswd("", 0)).toBe("/");
});
