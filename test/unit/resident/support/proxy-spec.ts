import { type ProxySpec, proxyContractVersion } from "../../../../runtime/resident/contract/proxy.ts";

export function proxySpec(vsockSocket: string, more: Partial<ProxySpec> = {}): ProxySpec {
  return {
    version: proxyContractVersion,
    container: "c1",
    process: "",
    vsockSocket,
    processIoPort: 1025,
    connectTimeoutMs: 10_000,
    terminal: { kind: "none" },
    preserved: 0,
    namespaces: null,
    hold: false,
    cgroups: [],
    oomScoreAdj: null,
    ...more,
  };
}
