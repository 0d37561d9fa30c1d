/** One thing that a host may have. */
export interface Finding {
  /** As the configuration names it, where it does. */
  readonly name: string;
  /** What it is: a version, a path, a few words. */
  readonly detail: string;
  /** Why it cannot be used, in words; null: it can. */
  readonly problem: string | null;
  /** The command that brings it, for root to type; null: none does, or nothing is missing. */
  readonly remedy: string | null;
}

/** Things of one kind, and how many of them containers need. */
export interface Capability {
  readonly name: string;
  /** "all", "any", "none", or the name of the one that is configured. */
  readonly needs: string;
  readonly findings: readonly Finding[];
}

export function present(name: string, detail: string): Finding {
  return { name, detail, problem: null, remedy: null };
}

export function absent(name: string, problem: string, remedy: string | null = null): Finding {
  return { name, detail: "", problem, remedy };
}

/** What a setting asks for. @param wanted "auto" or a name */
export function neededOf(wanted: string): string {
  return wanted === "auto" ? "any" : wanted;
}

/** Why containers cannot run for want of it; empty when they can. */
export function hindrances({ needs, findings }: Capability): readonly Finding[] {
  const missing = findings.filter((finding) => finding.problem !== null);
  if (needs === "all") return missing;
  if (needs === "any") return missing.length === findings.length ? missing : [];
  return missing.filter((finding) => finding.name === needs);
}
