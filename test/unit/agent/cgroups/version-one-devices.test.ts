import type { DeviceRule } from "@runv/protocol";
import { describe, expect, test } from "vitest";
import { deviceWrites } from "../../../../agent/src/linux/cgroups/version-one-devices.ts";
import { ownDeviceRules } from "../../../../agent/src/linux/default-devices.ts";

/** "allow c 1:3 rw", with "*" for all and "a" for everything. */
function rule(words: string): DeviceRule {
  const [verb, type = "a", numbers = "*:*", access = "rwm"] = words.split(" ");
  const [major = 0, minor = 0] = numbers.split(":").map((part) => (part === "*" ? -1 : Number(part)));
  return { allow: verb === "allow", type, major, minor, access };
}

const writes = (...rules: readonly string[]) =>
  deviceWrites(rules.map(rule)).map(({ file, value }) => `${file.replace("devices.", "")} ${value}`);

test("nothing is allowed that no rule allows", () => {
  expect(writes()).toEqual(["deny a"]);
});

test("rules are told in their order", () => {
  expect(writes("deny a", "allow c 1:3 rwm", "allow c 136:* rw", "allow b *:* m")).toEqual([
    "deny a",
    "deny a",
    "allow c 1:3 rwm",
    "allow c 136:* rw",
    "allow b *:* m",
  ]);
});

test("everything but some", () => {
  expect(writes("allow a", "deny c 5:1 rw")).toEqual(["deny a", "allow a", "deny c 5:1 rw"]);
});

test("a rule about all types with less than everything is one of each", () => {
  expect(writes("allow a *:* r")).toEqual(["deny a", "allow b *:* r", "allow c *:* r"]);
});

test("what was allowed before is taken back, each exception by the numbers that it has", () => {
  expect(writes("allow c 1:3 rwm", "allow c 1:5 r", "allow b 1:3 r", "deny c 1:* w", "deny c 1:* w")).toEqual(
    ["deny a", "allow c 1:3 rwm", "allow c 1:5 r", "allow b 1:3 r", "deny c 1:3 w"],
  );
});

describe("a hole in an exception cannot be had", () => {
  test.each([
    [["allow c 5:* rwm", "deny c 5:1 rw"], /cannot allow c 5:\* rwm where c 5:1 rw is denied/],
    [["allow a", "deny c *:* w", "allow c 1:3 w"], /cannot deny c \*:\* w where c 1:3 w is allowed/],
  ])("%j", (rules, why) => {
    expect(() => writes(...rules)).toThrow(
      expect.objectContaining({
        code: "unsupported",
        message: expect.stringMatching(why) as string,
      }) as Error,
    );
  });
});

test("what every container has can be told after what callers ask for", () => {
  const dockers = [
    "deny a",
    "allow c *:* m",
    "allow b *:* m",
    "allow c 5:1 rwm",
    "allow c 1:3 rwm",
    "allow c 10:200 rwm",
  ];
  const told = deviceWrites([...dockers.map(rule), ...ownDeviceRules]);
  expect(told).toContainEqual({ file: "devices.deny", value: "c 5:1 rw" });
  // Not even a privileged one has the guest's console.
  expect(deviceWrites([rule("allow a"), ...ownDeviceRules]).slice(1)).toEqual([
    { file: "devices.allow", value: "a" },
    { file: "devices.deny", value: "c 5:1 rw" },
    { file: "devices.deny", value: "c 4:64 rw" },
  ]);
});
