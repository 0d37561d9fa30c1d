/** `linux.seccomp` of config.json that has been accepted (runtime-spec: config-linux.md, "Seccomp"). */
export interface SeccompSpec {
  readonly defaultAction: SeccompAction;
  /** null: EPERM, of an action that has one. */
  readonly defaultErrno: number | null;
  /** Besides the guest's own. */
  readonly architectures: readonly SeccompArchitecture[];
  /** null: the runtime's choice. */
  readonly flags: readonly SeccompFlag[] | null;
  readonly rules: readonly SeccompRule[];
}

export interface SeccompRule {
  /** Of system calls, at least one; those that nobody knows are passed over. */
  readonly names: readonly string[];
  readonly action: SeccompAction;
  /** null: EPERM, of an action that has one. */
  readonly errno: number | null;
  readonly conditions: readonly SeccompCondition[];
}

export interface SeccompCondition {
  /** 0 to 5. */
  readonly argument: number;
  readonly operator: SeccompOperator;
  /** u64. */
  readonly value: bigint;
  /** u64. */
  readonly secondValue: bigint;
}

export const seccompActions = [
  "SCMP_ACT_ALLOW",
  "SCMP_ACT_ERRNO",
  "SCMP_ACT_KILL",
  "SCMP_ACT_KILL_PROCESS",
  "SCMP_ACT_KILL_THREAD",
  "SCMP_ACT_LOG",
  "SCMP_ACT_TRACE",
  "SCMP_ACT_TRAP",
] as const;
export type SeccompAction = (typeof seccompActions)[number];

export const seccompOperators = [
  "SCMP_CMP_EQ",
  "SCMP_CMP_GE",
  "SCMP_CMP_GT",
  "SCMP_CMP_LE",
  "SCMP_CMP_LT",
  "SCMP_CMP_MASKED_EQ",
  "SCMP_CMP_NE",
] as const;
export type SeccompOperator = (typeof seccompOperators)[number];

/** Those of the byte order of the guests. */
export const seccompArchitectures = [
  "SCMP_ARCH_AARCH64",
  "SCMP_ARCH_ARM",
  "SCMP_ARCH_LOONGARCH64",
  "SCMP_ARCH_MIPSEL",
  "SCMP_ARCH_MIPSEL64",
  "SCMP_ARCH_MIPSEL64N32",
  "SCMP_ARCH_PPC64LE",
  "SCMP_ARCH_RISCV64",
  "SCMP_ARCH_SH",
  "SCMP_ARCH_X32",
  "SCMP_ARCH_X86",
  "SCMP_ARCH_X86_64",
] as const;
export type SeccompArchitecture = (typeof seccompArchitectures)[number];

/** Architectures that one filter cannot hold together with the guests'. */
export const bigEndianArchitectures: readonly string[] = [
  "SCMP_ARCH_M68K",
  "SCMP_ARCH_MIPS",
  "SCMP_ARCH_MIPS64",
  "SCMP_ARCH_MIPS64N32",
  "SCMP_ARCH_PARISC",
  "SCMP_ARCH_PARISC64",
  "SCMP_ARCH_PPC",
  "SCMP_ARCH_PPC64",
  "SCMP_ARCH_S390",
  "SCMP_ARCH_S390X",
  "SCMP_ARCH_SHEB",
];

export const seccompFlags = [
  "SECCOMP_FILTER_FLAG_LOG",
  "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
  "SECCOMP_FILTER_FLAG_TSYNC",
] as const;
export type SeccompFlag = (typeof seccompFlags)[number];

/** Flags of runtime-spec that only mean something with what is refused. */
export const listenerFlag = "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV";
