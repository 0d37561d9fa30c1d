/** `vm` of config.json, as far as runv can honour it (runtime-spec: config-vm.md). What is absent is null or empty. */
export interface VmSection {
  /** Absolute path of the program that runs the virtual machine. */
  readonly hypervisorPath: string | null;
  /** Added to its command line. */
  readonly hypervisorParameters: readonly string[];
  /** Absolute path of the guest kernel. */
  readonly kernelPath: string;
  /** Added to the kernel's command line. */
  readonly kernelParameters: readonly string[];
  readonly vcpuCount: number | null;
  readonly memoryBytes: number | null;
}
