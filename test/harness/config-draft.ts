/** What a process is to see: a shell command, and what it is to print. */
export interface Check {
  readonly name: string;
  readonly script: string;
  readonly expected: string;
}

/** A config.json as it comes about. */
export interface Draft {
  readonly process: Record<string, unknown> & { readonly user: Record<string, unknown>; env: string[] };
  readonly root: { path: string; readonly: boolean };
  readonly mounts: object[];
  readonly linux: Record<string, unknown> & {
    readonly namespaces: { type: string }[];
    readonly resources: Record<string, unknown>;
  };
  readonly top: Record<string, unknown>;
  readonly checks: Check[];
  /** Of the container's root. */
  readonly isRoot: boolean;
}
