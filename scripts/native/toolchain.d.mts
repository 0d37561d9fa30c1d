export interface Toolchain {
  readonly compiler: string;
  /** Flags for every C file. */
  readonly compile: readonly string[];
  readonly link: readonly string[];
}

export const toolchains: { readonly musl: () => Promise<Toolchain> };
