/** Runtime-spec: runtime.md, "State"; "paused" is runc's. */
export type ContainerStatus = "creating" | "created" | "running" | "paused" | "stopped";

/** What `runv state` prints: the state of runtime-spec (runtime.md, "State") with the fields that runc adds. */
export interface OciState {
  readonly ociVersion: string;
  readonly id: string;
  /** Of the process on the host that stands for the container's; 0 when it has ended. */
  readonly pid: number;
  readonly status: ContainerStatus;
  readonly bundle: string;
  readonly rootfs: string;
  /** RFC 3339. */
  readonly created: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly owner: string;
}

/** What a hook reads: the state of runtime-spec and nothing else; as runc writes it, nothing that is empty. */
export function hookState(
  container: Pick<OciState, "ociVersion" | "id" | "bundle" | "annotations">,
  status: ContainerStatus,
  pid: number,
): Readonly<Record<string, unknown>> {
  const { ociVersion, id, bundle, annotations } = container;
  return {
    ociVersion,
    id,
    status,
    ...(pid === 0 ? {} : { pid }),
    bundle,
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}
