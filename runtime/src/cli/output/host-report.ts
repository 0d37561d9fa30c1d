import type { HostReport } from "../../container/check.ts";
import { type Capability, type Finding, hindrances } from "../../shared/capability.ts";

/** A report in plain words. */
export function hostReportText(report: HostReport): string {
  const { versions, capabilities } = report;
  const found = capabilities.flatMap(({ findings }) => findings);
  const width = Math.max(...found.map(({ name }) => name.length));
  return [
    `runv ${versions.runv} (commit ${versions.commit}) on Linux ${versions.hostKernel}`,
    ...capabilities.flatMap((capability) => ["", ...capabilityLines(capability, width)]),
    "",
    ...remedyLines(capabilities),
    ...verdictLines(report),
    "",
  ].join("\n");
}

/** @returns one JSON object and a newline; `hindrances` has what keeps containers from running. */
export function hostReportJson(report: HostReport): string {
  const capabilities = report.capabilities.map(({ name, needs, findings }) => ({
    name,
    needs,
    findings: findings.map(({ problem, ...finding }) => ({ ...finding, usable: problem === null, problem })),
  }));
  const names = report.capabilities.flatMap((capability) =>
    hindrances(capability).map((finding) => `${capability.name}: ${finding.name}`),
  );
  return `${JSON.stringify({ ...report, capabilities, hindrances: names }, null, 2)}\n`;
}

const needTexts: Readonly<Record<string, string>> = {
  all: "",
  any: " (one is enough)",
  none: " (for callers that ask for it)",
};

function capabilityLines({ name, needs, findings }: Capability, width: number): readonly string[] {
  const need = needTexts[needs] ?? ` (configured: ${needs})`;
  return [`${name}${need}`, ...findings.map((finding) => findingLine(finding, width))];
}

function findingLine({ name, detail, problem }: Finding, width: number): string {
  return `  ${problem === null ? "yes" : "no "}  ${name.padEnd(width)}  ${problem ?? detail}`;
}

function remedyLines(capabilities: readonly Capability[]): readonly string[] {
  const commands = capabilities.flatMap((capability) =>
    capability.findings.flatMap(({ name, remedy }) =>
      remedy === null ? [] : [`  ${remedy}    # ${capability.name}: ${name}`],
    ),
  );
  return commands.length === 0 ? [] : ["What is missing comes with:", ...commands, ""];
}

function verdictLines({ canRunContainers, capabilities }: HostReport): readonly string[] {
  if (canRunContainers) return ["Containers can run on this host."];
  const reasons = capabilities.flatMap((capability) =>
    hindrances(capability).map(({ name, problem }) => `  ${capability.name}: ${name}: ${problem ?? ""}`),
  );
  return ["Containers cannot run on this host:", ...reasons];
}
