// Who may import whom: the arrows of CONTRIBUTING.md as rules.

const base = ["config", "oci", "state", "shared"];
const drivers = ["hypervisor", "agent-client", "network", "storage", "cgroups", "kernel"];
const mayUse = {
  cli: ["container", ...base],
  container: ["sandbox", ...base],
  sandbox: [...drivers, ...base],
  ...Object.fromEntries(drivers.map((driver) => [driver, base])),
  state: ["oci", "shared"],
  oci: ["shared"],
  config: ["shared"],
  shared: [],
};

const layers = Object.entries(mayUse).map(([layer, allowed]) => ({
  name: `${layer} uses only ${allowed.join(", ") || "packages"}`,
  severity: "error",
  from: { path: `^runtime/src/${layer}/` },
  to: { path: "^runtime/src/", pathNot: `^runtime/src/(${[layer, ...allowed].join("|")})/` },
}));

const forbidden = (name, from, to) => ({ name, severity: "error", from, to });

module.exports = {
  forbidden: [
    forbidden("no cycles", {}, { circular: true }),
    forbidden("every import resolves", {}, { couldNotResolve: true, pathNot: "^runv:sys$" }),
    ...layers,
    forbidden(
      "every file of the runtime is in a layer",
      { path: "^runtime/src/", pathNot: `^runtime/src/(${Object.keys(mayUse).join("|")})/` },
      {},
    ),
    forbidden(
      "one driver does not know another",
      { path: "^runtime/src/hypervisor/([^/]+)/" },
      { path: "^runtime/src/hypervisor/[^/]+/", pathNot: "^runtime/src/hypervisor/$1/" },
    ),
    forbidden(
      "drivers are reached through the registry",
      { pathNot: ["^runtime/src/hypervisor/registry\\.ts$", "^runtime/src/hypervisor/[^/]+/", "^test/"] },
      { path: "^runtime/src/hypervisor/[^/]+/" },
    ),
    forbidden(
      "node: only on the host",
      { pathNot: "^(runtime/(src|vsock|qemu-img-ts)/|test/|scripts/|images/|[^/]+$)" },
      { dependencyTypes: ["core"] },
    ),
    forbidden(
      "oci is pure",
      { path: "^runtime/src/oci/" },
      { dependencyTypes: ["core"], pathNot: "^(node:)?path$" },
    ),
    forbidden(
      "processes are spawned through shared",
      { path: "^runtime/src/", pathNot: "^runtime/src/shared/" },
      { path: "(^|/)(execa|child_process|node:child_process)(/|$)" },
    ),
    forbidden(
      "sleeps go through shared",
      { path: "^runtime/src/", pathNot: "^runtime/src/shared/" },
      { path: "^(node:)?timers(/promises)?$" },
    ),
    forbidden(
      "the protocol stands alone",
      { path: "^agent/protocol/" },
      { pathNot: "^(agent/protocol/|node_modules/@bufbuild/protobuf/)" },
    ),
    forbidden(
      "the agent uses the protocol",
      { path: "^agent/(src|native)/" },
      { pathNot: "^(agent/(src|native|protocol)/|runv:sys$)" },
    ),
    forbidden(
      "the resident pieces use the protocol",
      { path: "^runtime/resident/" },
      { pathNot: "^(runtime/resident/|agent/protocol/|runv:sys$)" },
    ),
    forbidden(
      "contracts are pure",
      { path: "^runtime/resident/contract/" },
      { pathNot: "^runtime/resident/contract/" },
    ),
    forbidden(
      "the protocol is entered by its doors",
      { pathNot: "^(agent/protocol|test)/" },
      {
        path: "^agent/protocol/",
        pathNot: "^agent/protocol/src/(index|errors|cgroup-values|present-limits|signals)\\.ts$",
      },
    ),
    forbidden(
      "the packages stand alone",
      { path: "^runtime/(vsock|qemu-img-ts)/" },
      { path: "^(agent|runtime|test|scripts)/", pathNot: "^runtime/(vsock|qemu-img-ts)/" },
    ),
    forbidden(
      "packages are entered by their door",
      { pathNot: "^(runtime/(vsock|qemu-img-ts)|test)/" },
      { path: "^runtime/(vsock|qemu-img-ts)/src/", pathNot: "^runtime/(vsock|qemu-img-ts)/src/index\\.ts$" },
    ),
    forbidden(
      "host and guest meet in the protocol",
      { path: "^runtime/src/" },
      {
        path: "^(agent/(src|native)|runtime/resident|test|scripts)/",
        pathNot: "^runtime/resident/contract/",
      },
    ),
    forbidden("nothing imports tests", { pathNot: "^test/" }, { path: "^test/" }),
    forbidden(
      "what ships imports no development dependency",
      { path: "^(agent|runtime)/" },
      { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], dependencyTypesNot: ["type-only"] },
    ),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(dist|\\.cache)/" },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    tsConfig: { fileName: "tsconfig.base.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "default"] },
  },
};
