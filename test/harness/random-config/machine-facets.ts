import path from "node:path";
import { distDirectory } from "../paths.ts";
import { type Facet, fieldsBelow, quoted, someOf } from "./draft.ts";

const mib = 2 ** 20;
const kernel = path.join(distDirectory, "guest/vmlinux");

const kernelParameters: Facet = {
  fields: ["vm.kernel.path", "vm.kernel.parameters"],
  ask: ({ top, checks }, random) => {
    const parameters = someOf(random, [
      "odd=1",
      "odd=1",
      "spaced=a b",
      'quoted="x y"',
      `long=${"x".repeat(500)}`,
      "comma=a,b,,c",
      "dollar=$HOME'",
    ]);
    top["vm"] = {
      kernel: { path: random.pick([kernel, `${path.dirname(kernel)}/../guest/vmlinux`]), parameters },
    };
    for (const parameter of parameters)
      checks.push({
        name: `parameter ${parameter}`,
        script: `grep -cF ${quoted(parameter)} /proc/cmdline`,
        expected: "1\n",
      });
  },
};

/** Where the host allows it. */
const machine: Facet = {
  fields: [
    ...fieldsBelow("vm.hwConfig", "vcpus", "memory"),
    ...fieldsBelow("vm.hypervisor", "path", "parameters"),
  ],
  ask: ({ top, env, checks }, random) => {
    const vcpus = random.pick([1, 2]);
    const memoryMib = random.pick([256, 400]);
    env["RUNV_ALLOWED_VM"] =
      "hwConfig.vcpus,hwConfig.memory,hypervisor.path,hypervisor.parameters,kernel.parameters";
    const hypervisor = random.pick<object>([
      {},
      { hypervisor: { path: "/usr/bin/qemu-system-x86_64" } },
      { hypervisor: { path: "/usr/bin/qemu-system-x86_64", parameters: ["-name", "two words"] } },
    ]);
    const size = { vcpus, memory: memoryMib * mib + random.pick([0, 1, mib - 1]) };
    const found: object =
      typeof top["vm"] === "object" && top["vm"] !== null ? top["vm"] : { kernel: { path: kernel } };
    top["vm"] = { ...found, ...hypervisor, [random.pick(["hwConfig", "hwconfig"])]: size };
    const script = `grep -c ^processor /proc/cpuinfo; awk '/MemTotal/ { print ($2 > ${(memoryMib - 64) * 1024} && $2 <= ${memoryMib * 1024}) }' /proc/meminfo`;
    checks.push({ name: "size of the machine", script, expected: `${vcpus}\n1\n` });
  },
};

export const machineFacets: readonly Facet[] = [kernelParameters, machine];
