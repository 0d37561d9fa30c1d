import { expect, test } from "vitest";
import { runtimeFeatures } from "../../../../runtime/src/oci/features.ts";
import { parseSpec } from "../../../../runtime/src/oci/parse-spec.ts";
import { minimalSpec, withMember } from "./minimal-spec.ts";

interface Features {
  readonly ociVersionMin: string;
  readonly ociVersionMax: string;
  readonly mountOptions: readonly string[];
  readonly linux: {
    readonly namespaces: readonly string[];
    readonly capabilities: readonly string[];
    readonly seccomp: Readonly<
      Record<"actions" | "operators" | "archs" | "knownFlags" | "supportedFlags", readonly string[]>
    >;
  };
}

const features = runtimeFeatures("1.2.3") as Features;
const accepts = (field: string, value: unknown) => {
  const warnings: string[] = [];
  parseSpec(withMember(minimalSpec(), field, value), (sentence) => warnings.push(sentence));
  return warnings.length === 0;
};

const ids = { uidMappings: [{ size: 1 }], gidMappings: [{ size: 1 }] };
const isBindOption = (option: string): boolean => /^r?(bind|idmap)$/.test(option);

test("every advertised thing is accepted", () => {
  expect(accepts("ociVersion", features.ociVersionMin)).toBe(true);
  expect(accepts("ociVersion", features.ociVersionMax)).toBe(true);
  for (const option of features.mountOptions) {
    const options = [option];
    const asTmpfs = (): boolean => accepts("mounts", [{ destination: "/x", type: "tmpfs", options }]);
    const asBind = (): boolean =>
      accepts("mounts", [{ destination: "/x", source: "/y", type: "bind", options, ...ids }]);
    expect([option, isBindOption(option) ? asBind() : asTmpfs()]).toEqual([option, true]);
  }
  const namespaces = features.linux.namespaces.map((type) => ({ type }));
  expect(accepts("linux", { namespaces, ...ids })).toBe(true);
  expect(accepts("process.capabilities", { bounding: features.linux.capabilities })).toBe(true);
});

test("every advertised word of a seccomp profile is accepted", () => {
  const { actions, operators, archs, supportedFlags } = features.linux.seccomp;
  const syscalls = actions.map((action) => ({
    names: ["mkdir"],
    action,
    args: operators.slice(0, 6).map((op, index) => ({ index, op, value: 1 })),
  }));
  for (const defaultAction of actions)
    expect(
      accepts("linux.seccomp", { defaultAction, architectures: archs, flags: supportedFlags, syscalls }),
    ).toBe(true);
});

test("the flag that only listeners need is known and not supported", () => {
  const { knownFlags, supportedFlags } = features.linux.seccomp;
  expect(knownFlags).toEqual(expect.arrayContaining([...supportedFlags]));
  for (const flag of knownFlags.filter((name) => !supportedFlags.includes(name)))
    expect(() => accepts("linux.seccomp", { defaultAction: "SCMP_ACT_ALLOW", flags: [flag] })).toThrow(flag);
});
