import { expect, test } from "vitest";
import { annotatedProperties } from "../../../../runtime/src/cgroups/property-annotations.ts";

function property(name: string, value: string): string {
  const [found] = annotatedProperties({ [`org.systemd.property.${name}`]: value, "io.runv.kernel": "x" });
  return [found?.name, found?.signature, ...(found?.words ?? [])].join(" ");
}

test.each([
  ["TimeoutStopUSec", "uint64 123456789", "TimeoutStopUSec t 123456789"],
  ["CollectMode", "'inactive-or-failed'", "CollectMode s inactive-or-failed"],
  ["CollectMode", `"it's"`, "CollectMode s it's"],
  ["Documentation", String.raw`'a\'b\nc\\'`, "Documentation s a'b\nc\\"],
  ["SendSIGHUP", "true", "SendSIGHUP b true"],
  ["OOMScoreAdjust", "-5", "OOMScoreAdjust i -5"],
  ["Weight", "1.5", "Weight d 1.5"],
  ["Weight", "@t 7", "Weight t 7"],
  ["Byte", "byte 0x1f", "Byte y 0x1f"],
  ["After", "['a.service', \"b.service\"]", "After as 2 a.service b.service"],
  ["After", "@as []", "After as 0"],
  ["Numbers", "@at [1, 2]", "Numbers at 2 1 2"],
  // As systemd documents them.
  ["TimeoutStopSec", "2.5", "TimeoutStopUSec t 2500000"],
  ["TimeoutStopSec", "uint64 3", "TimeoutStopUSec t 3000000"],
])("%s: %s", (name, value, expected) => {
  expect(property(name, value)).toBe(expected);
});

test.each([
  ["Slice", "'a.slice'", /Slice: runv sets this property itself/],
  ["X", "1", /"X" is no name/],
  ["A_b", "1", /"A_b" is no name/],
  ["Value", "", /not supported/],
  ["Value", "two words", /not supported/],
  ["Value", "(1, 2)", /org\.systemd\.property\.Value: "\(1, 2\)": not supported/],
  ["Value", "{'a': 1}", /not supported/],
  ["Value", "[[1], [2]]", /not supported/],
  ["Value", "b'bytes'", /not supported/],
  ["Value", "<1>", /not supported/],
  ["Value", "@a{sv} {}", /not supported/],
  ["Value", "'open", /not supported/],
  ["Value", "name", /"name" is not of the type "d"/],
  ["Value", "uint64 'a'", /is not of the type "t"/],
  ["Value", "['a', 1]", /"1" is not of the type "s"/],
  ["Value", "[]", /type of an empty array/],
  ["Value", "@t [1]", /its type says otherwise/],
  ["TimeoutStopSec", "'5'", /seconds are a number/],
  ["TimeoutStopSec", "-5", /seconds are not negative/],
])("%s: %s is refused", (name, value, message) => {
  expect(() => property(name, value)).toThrow(message);
});
