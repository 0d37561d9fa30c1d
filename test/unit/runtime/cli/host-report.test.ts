import { expect, test } from "vitest";
import { hostReportJson, hostReportText } from "../../../../runtime/src/cli/output/host-report.ts";
import type { HostReport } from "../../../../runtime/src/container/check.ts";

const report: HostReport = {
  canRunContainers: false,
  versions: { runv: "0.1.0", commit: "abc", hostKernel: "6.1.0" },
  capabilities: [
    {
      name: "accelerators",
      needs: "any",
      findings: [
        { name: "kvm", detail: "", problem: "no /dev/kvm", remedy: "modprobe kvm_intel" },
        { name: "tcg", detail: "software emulation", problem: null, remedy: null },
      ],
    },
    {
      name: "carriers",
      needs: "vhost-vsock",
      findings: [{ name: "vhost-vsock", detail: "", problem: "missing", remedy: "modprobe vhost_vsock" }],
    },
    {
      name: "--systemd-cgroup",
      needs: "none",
      findings: [{ name: "systemd", detail: "", problem: "not running", remedy: null }],
    },
  ],
};

test("in plain words: what there is, what brings the rest, and the verdict", () => {
  expect(hostReportText(report)).toBe(`runv 0.1.0 (commit abc) on Linux 6.1.0

accelerators (one is enough)
  no   kvm          no /dev/kvm
  yes  tcg          software emulation

carriers (configured: vhost-vsock)
  no   vhost-vsock  missing

--systemd-cgroup (for callers that ask for it)
  no   systemd      not running

What is missing comes with:
  modprobe kvm_intel    # accelerators: kvm
  modprobe vhost_vsock    # carriers: vhost-vsock

Containers cannot run on this host:
  carriers: vhost-vsock: missing
`);
});

test("as JSON: the same, for programs", () => {
  expect(JSON.parse(hostReportJson(report))).toMatchObject({
    canRunContainers: false,
    versions: { runv: "0.1.0" },
    capabilities: [
      { name: "accelerators", needs: "any", findings: [{ name: "kvm", usable: false }, { usable: true }] },
      { name: "carriers", needs: "vhost-vsock" },
      { name: "--systemd-cgroup", needs: "none", findings: [{ usable: false }] },
    ],
    hindrances: ["carriers: vhost-vsock"],
  });
});
