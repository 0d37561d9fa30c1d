import { existsSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { kvmProblem } from "../../runtime/src/hypervisor/qemu/accel.ts";
import { noticesDirectory } from "../../runtime/src/shared/defaults.ts";
import { compileProgram } from "../harness/compile-program.ts";
import { eventually, leavesNothing, leftoversOf, useRunv } from "../harness/leftovers.ts";
import { distDirectory } from "../harness/paths.ts";

const runv = useRunv();
const tooMuchMemoryMib = 1_048_576;

/** A `create` that fails. @returns what it says */
async function createFails(env: Readonly<Record<string, string>>): Promise<string> {
  const id = runv().newId();
  const bundle = runv().bundle({ args: ["true"] });
  const outcome = await runv().detached(["create", "--bundle", bundle, id], id, { env });
  expect(outcome.status).toBe(1);
  await eventually(() => leftoversOf(runv(), id), []);
  return outcome.stderr;
}

/** A program that answers as an emulator of that version does, and ends. It is static: nobody runs scripts where it runs. @returns its path */
function emulator(version: string): string {
  const file = path.join(runv().directory, `qemu-${version}`);
  const source = `#include <stdio.h>
    #include <string.h>
    int main(int count, char **arguments) {
      if (count > 1 && strcmp(arguments[1], "--version") == 0)
        return puts("QEMU emulator version ${version} (Debian 1:4.2-3)") < 0;
      fputs("qemu-system-x86_64: -machine microvm: unsupported machine type\\n", stderr);
      return 1;
    }`;
  writeFileSync(file, compileProgram(source), { mode: 0o755 });
  return file;
}

test("without a VMM create says which program and package", async () => {
  const directory = runv().mkdir("programs");
  for (const name of ["mke2fs", "qemu-img"])
    symlinkSync(
      ["/usr/sbin", "/usr/bin"].map((place) => path.join(place, name)).find(existsSync) ?? "",
      path.join(directory, name),
    );
  const error = await createFails({ PATH: directory });
  expect(error).toContain("the program qemu-system-x86_64 is not installed (Debian package qemu-system-x86)");
  const configured = await createFails({ RUNV_QEMU_SYSTEM_X86_64: "/no/such/qemu" });
  expect(configured).toContain("programs.qemu-system-x86_64: no executable file: /no/such/qemu");
});

test("of a VMM that is too old create says so, and which version is needed", async () => {
  const error = await createFails({ RUNV_QEMU_SYSTEM_X86_64: emulator("4.2.1") });
  expect(error).toContain("the virtual machine ended before its agent answered");
  expect(error).toContain("this qemu-system-x86_64 is 4.2.1, and 5.2 or newer is needed");
  const check = await runv().run(["check"], { env: { RUNV_QEMU_SYSTEM_X86_64: emulator("4.2.1") } });
  expect([check.status, check.stdout]).toEqual([1, expect.stringContaining("5.2 or newer is needed")]);
});

test("a VMM that ends at once is quoted", async () => {
  const error = await createFails({ RUNV_QEMU_SYSTEM_X86_64: emulator("9.1.0") });
  expect(error).toContain("unsupported machine type");
  expect(error).not.toContain("newer is needed");
});

test.each([
  ["no file", null, "no such file"],
  ["a text", "#!/bin/sh\n", "not a kernel: neither an ELF file nor a bzImage"],
  ["an empty file", "", "not a kernel"],
  [
    "a cut off ELF file",
    "\x7fELF\x02\x01\x01",
    "a virtual machine cannot be started from this ELF file: it is cut off",
  ],
])("a guest kernel that is %s", async (name, content, why) => {
  const file = path.join(runv().directory, `kernel-${name}`);
  if (content !== null) writeFileSync(file, content, "latin1");
  const error = await createFails({ RUNV_KERNEL: file });
  expect(error).toContain(why);
  expect(error).toContain(file);
});

test("a program is not a guest kernel", async () => {
  const file = path.join(distDirectory, "runv-agent");
  expect(await createFails({ RUNV_KERNEL: file })).toContain("it has no PVH entry");
});

test("a machine that does not suit the kernel or the carrier is refused by name", async () => {
  const error = await createFails({ RUNV_MACHINE: "microvm", RUNV_CARRIER: "isa-serial" });
  expect(error).toMatch(/isa-serial/);
  expect(error).toMatch(/microvm/);
});

test("more memory than the host has is refused", async () => {
  const error = await createFails({ RUNV_MEMORY_MIB: `${tooMuchMemoryMib}` });
  expect(error).toMatch(/memory: 1048576 MiB are asked for, and this host has \d+ MiB/);
});

test("KVM by name on a CPU without virtualisation fails, and says why", async (context) => {
  if (!existsSync("/dev/kvm")) context.skip("this host has no /dev/kvm");
  if (kvmProblem() === null) context.skip("KVM works on this host");
  const error = await createFails({ RUNV_ACCEL: "kvm", RUNV_BOOT_TIMEOUT_MS: "20000" });
  expect(error).toMatch(/boot failed \(machine microvm, accelerator kvm, carrier [\w-]+\)/);
  expect(error).toMatch(/the virtual machine ended before its agent answered|did not answer within 20 s/);
  expect(error).toContain("the CPU reports no hardware virtualisation (vmx or svm in /proc/cpuinfo)");
  expect(error).toContain("use accel=tcg");
  expect(error).toMatch(/the guest's console (is empty|ends with)/);
});

test("left to itself runv emulates there, and says so once", async (context) => {
  if (kvmProblem() === null) context.skip("KVM works on this host");
  const bundle = runv().bundle({ args: ["true"] });
  // What has been told is known to the whole host: this host's other runvs do not see this directory.
  const script = `mkdir -p "$0" && mount -t tmpfs notices "$0" || exit 1
    for accel in tcg auto auto; do RUNV_ACCEL=$accel "$@-$accel$((count += 1))"; echo "$accel: $?" >&2; done`;
  const argv = runv().argv(["run", "--bundle", bundle, runv().newId()]);
  const { stderr } = await execa(
    "unshare",
    ["--mount", "--propagation", "private", "sh", "-c", script, noticesDirectory, ...argv],
    { env: runv().env, stdin: "ignore" },
  );
  const warning = /^runv: warning: accelerator: virtual machines are emulated, and slow: ./;
  expect(stderr.split("\n")).toEqual(["tcg: 0", expect.stringMatching(warning), "auto: 0", "auto: 0"]);
});

leavesNothing(runv);
