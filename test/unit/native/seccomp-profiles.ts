import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Seccomp } from "@runv/protocol";
import { vi } from "vitest";
import { scenario } from "../../harness/native-fixture.ts";

/** What the leak checker is not to count against our own code. */
const knownLeaks = path.resolve(import.meta.dirname, "../../fixtures/native/libseccomp-leaks.txt");

interface Report {
  readonly thrown: { readonly message: string } | null;
  readonly compiled: { readonly program: readonly number[]; readonly flags: number } | null;
}

export interface Result {
  readonly thrown: { readonly message: string } | null;
  readonly compiled: { readonly program: Uint8Array; readonly flags: number } | null;
}

/** What the agent makes of profiles in the words of agent.proto, in their order. */
export async function compiledProfiles(profiles: readonly Partial<Seccomp>[]): Promise<Result[]> {
  vi.stubEnv("LSAN_OPTIONS", `suppressions=${knownLeaks}:print_suppressions=0`);
  const directory = mkdtempSync(path.join(tmpdir(), "runv-seccomp-"));
  try {
    const file = path.join(directory, "profiles.json");
    writeFileSync(file, JSON.stringify(profiles.map((profile) => Seccomp.fromPartial(profile))));
    const reports = (await scenario("seccompProfiles", file)) as Report[];
    return reports.map(({ thrown, compiled }) => ({
      thrown,
      compiled: compiled && { program: Uint8Array.from(compiled.program), flags: compiled.flags },
    }));
  } finally {
    vi.unstubAllEnvs();
    rmSync(directory, { recursive: true });
  }
}
