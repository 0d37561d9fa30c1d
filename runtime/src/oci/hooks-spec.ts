/** runtime-spec: config.md, "POSIX-platform Hooks"; in the order in which they are run. */
export const hookKinds = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
] as const;

export type HookKind = (typeof hookKinds)[number];

export interface Hook {
  /** Absolute, where the hook runs. */
  readonly path: string;
  /** args[0] included; empty: `path` alone. */
  readonly args: readonly string[];
  /** "NAME=value", all of it; null: that of whoever starts the hook, as with runc. */
  readonly env: readonly string[] | null;
  /** 0: none. */
  readonly timeoutMs: number;
}

export type Hooks = Readonly<Record<HookKind, readonly Hook[]>>;
