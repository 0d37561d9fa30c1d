import { expect, test } from "vitest";
import { systemdProblem } from "../../../../runtime/src/cgroups/systemd.ts";

const noSystemd = "/nowhere/systemd";

test.each([
  ["system.slice:runv:a", noSystemd, /^systemd not running/],
  ["/runv/a", "/", /format "slice:prefix:name".*got "\/runv\/a" instead/],
  ["system.slice:runv:", "/", /got "system\.slice:runv:"/],
  ["system.slice:runv:a", "/", /through systemd is not supported yet/],
  ["", "/", /through systemd is not supported yet/],
])("%j, where %s tells of systemd", (cgroupsPath, mark, message) => {
  expect(systemdProblem(cgroupsPath, mark).message).toMatch(message);
});
