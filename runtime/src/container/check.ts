import { release } from "node:os";
import type { Settings } from "../config/settings.ts";
import { sandboxSupport } from "../sandbox/host-support.ts";
import { absent, type Capability, type Finding, hindrances, present } from "../shared/capability.ts";
import { residentFinding } from "../shared/resident-finding.ts";
import { runvCommit, runvVersion } from "../shared/version.ts";

/** What a host can do for containers. */
export interface HostReport {
  readonly canRunContainers: boolean;
  readonly versions: { readonly runv: string; readonly commit: string; readonly hostKernel: string };
  readonly capabilities: readonly Capability[];
}

const residents = ["runv-monitor", "runv-proxy", "runv-pack", "runv-hook"];

/** Looks at this host as it is configured. Nothing is changed or started but programs asked for their versions. */
export async function checkHost(settings: Settings, signal: AbortSignal): Promise<HostReport> {
  const own: Capability = {
    name: "runv",
    needs: "all",
    findings: [privilegeFinding(), ...residents.map((program) => residentFinding(program))],
  };
  const capabilities = [own, ...(await sandboxSupport(settings, signal))];
  return {
    canRunContainers: capabilities.every((capability) => hindrances(capability).length === 0),
    versions: { runv: runvVersion, commit: runvCommit, hostKernel: release() },
    capabilities,
  };
}

function privilegeFinding(): Finding {
  const uid = process.getuid?.() ?? 0;
  return uid === 0 ? present("root", "uid 0") : absent("root", `runv runs as root, and this is uid ${uid}`);
}
