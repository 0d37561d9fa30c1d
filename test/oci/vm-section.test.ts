import path from "node:path";
import { afterEach, expect } from "vitest";
import { ociSuite } from "./harness/suite.ts";

const kernel = { path: path.resolve(import.meta.dirname, "../../dist/guest/vmlinux") };

function allow(...members: string[]): void {
  process.env["RUNV_ALLOWED_VM"] = members.join(",");
}

afterEach(() => {
  delete process.env["RUNV_ALLOWED_VM"];
});

ociSuite("the section vm of config.json", ({ test, each }) => {
  test(
    "runv's own kernel, with a parameter",
    async (bed) => {
      const { stdout, stderr } = await bed.sh("tr ' ' '\\n' </proc/cmdline | grep example", (config) => {
        config.vm = { kernel: { ...kernel, parameters: ["example=1"] } };
      });
      expect([stderr, stdout]).toEqual(["", "example=1\n"]);
    },
    "vm-section",
  );

  test(
    "the machine's size, where the host allows it",
    async (bed) => {
      allow("hwConfig.vcpus", "hwConfig.memory");
      const { stdout, stderr } = await bed.sh(
        "nproc; awk '/MemTotal/ { print $2 }' /proc/meminfo",
        (config) => {
          config.vm = { kernel, hwConfig: { vcpus: 2, memory: 384 * 1024 ** 2 } };
        },
      );
      const [processors, kib] = stdout.trim().split("\n").map(Number);
      expect([stderr, processors]).toEqual(["", 2]);
      expect(kib).toBeGreaterThan(300 * 1024);
      expect(kib).toBeLessThanOrEqual(384 * 1024);
    },
    "vm-section",
  );

  test(
    "parameters of the hypervisor, where the host allows them",
    async (bed) => {
      allow("hypervisor.path", "hypervisor.parameters");
      const { stdout, stderr } = await bed.sh("echo ran", (config) => {
        config.vm = {
          kernel,
          hypervisor: { path: "/usr/bin/qemu-system-x86_64", parameters: ["-name", "named"] },
        };
      });
      expect([stderr, stdout]).toEqual(["", "ran\n"]);
    },
    "vm-section",
  );

  test(
    "parameters that the hypervisor does not know are its error",
    async (bed) => {
      allow("hypervisor.path", "hypervisor.parameters");
      const { status, stderr } = await bed.sh("true", (config) => {
        config.vm = {
          kernel,
          hypervisor: { path: "/usr/bin/qemu-system-x86_64", parameters: ["-no-such-option"] },
        };
      });
      expect([status, stderr]).toEqual([1, expect.stringContaining("no-such-option")]);
    },
    "vm-section",
  );

  each(
    [
      ["kernel.path", { kernel: { path: "/boot/vmlinux" } }],
      ["hypervisor.path", { kernel, hypervisor: { path: "/bin/true" } }],
      ["hwConfig.memory", { kernel, hwConfig: { memory: 2 ** 30 } }],
    ] as const,
    ([member]) => `${member} is refused where the host says nothing`,
    async (bed, [member, vm]) => {
      const { status, stderr } = await bed.sh("true", (config) => {
        config.vm = vm;
      });
      expect([status, stderr]).toEqual([
        1,
        expect.stringContaining(`config.json: vm.${member}: this host does not allow it`),
      ]);
    },
    () => "vm-section",
  );
});
