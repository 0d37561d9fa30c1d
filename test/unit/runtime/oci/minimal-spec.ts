/** The least that a config.json must have. */
export function minimalSpec(): unknown {
  return {
    ociVersion: "1.0.2",
    process: { args: ["true"], cwd: "/" },
    root: { path: "rootfs" },
    linux: { namespaces: [{ type: "network" }] },
  };
}

/** A copy of `document` with the member at `field` ("process.user.uid") set; undefined removes it. */
export function withMember(document: unknown, field: string, value: unknown): unknown {
  const copy = structuredClone(document) as Record<string, unknown>;
  const names = field.split(".");
  const last = names.pop() ?? "";
  let object = copy;
  for (const name of names) {
    object[name] ??= {};
    object = object[name] as Record<string, unknown>;
  }
  object[last] = value;
  return JSON.parse(JSON.stringify(copy)) as unknown;
}
