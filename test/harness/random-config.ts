import type { Random } from "../fixtures/grpc/random.ts";
import { busyboxRootfs } from "./bundle.ts";
import type { Check, Draft } from "./config-draft.ts";
import { facets } from "./random-facets.ts";

export interface RandomConfig {
  readonly document: object;
  readonly checks: readonly Check[];
}

const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const mount = (destination: string, type: string, options: readonly string[]): object => ({
  destination,
  type,
  source: type,
  options,
});
const strict = ["nosuid", "noexec", "nodev"];

/** A config.json with odd values in some of what runv honours, and the commands that show them inside. The same for the same random numbers. */
export function randomConfig(random: Random): RandomConfig {
  const draft = emptyDraft(random.below(3) > 0);
  for (const facet of facets) if (random.below(2) === 0) facet(draft, random);
  const { process, root, mounts, linux, top, checks } = draft;
  const script = checks
    .map(({ script: command }, index) => `echo '@@${index}'; { ${command}; } 2>&1`)
    .join("\n");
  const document = {
    ociVersion: random.pick(["1.0.0", "1.0.2-dev", "1.1.0", "1.2.1", "1.3.0"]),
    ...top,
    process: { ...process, args: ["sh", "-c", script, ...oddArguments(draft, random)] },
    root,
    mounts,
    linux,
  };
  return { document, checks };
}

/** What each check printed. */
export function sectionsOf(output: string): ReadonlyMap<number, string> {
  const parts = output.split(/^@@(\d+)\n/m).slice(1);
  const sections = new Map<number, string>();
  for (let index = 0; index + 1 < parts.length; index += 2)
    sections.set(Number(parts[index]), parts[index + 1] ?? "");
  return sections;
}

function emptyDraft(isRoot: boolean): Draft {
  const id = isRoot ? 0 : 1000;
  return {
    process: { terminal: false, cwd: "/", env: [path], user: { uid: id, gid: id } },
    root: { path: busyboxRootfs(), readonly: false },
    mounts: [
      mount("/proc", "proc", []),
      mount("/dev", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
      mount("/dev/shm", "tmpfs", [...strict, "mode=1777", "size=65536k"]),
      mount("/sys", "sysfs", [...strict, "ro"]),
      mount("/sys/fs/cgroup", "cgroup", [...strict, "ro"]),
    ],
    linux: {
      namespaces: ["pid", "network", "ipc", "uts", "mount", "cgroup"].map((type) => ({ type })),
      resources: { devices: [{ allow: false, access: "rwm" }] },
    },
    top: {},
    checks: [],
    isRoot,
  };
}

/** Arguments after the script's name ($0), which the first check prints. They come last, since the script holds the checks. */
function oddArguments({ checks }: Draft, random: Random): readonly string[] {
  const words = [
    "",
    " ",
    "a b",
    "$HOME",
    "'",
    '"',
    "\\",
    "\n",
    "é🦉",
    "-e",
    "--",
    "*",
    "x".repeat(5000),
  ] as const;
  const chosen = Array.from({ length: random.below(4) }, () => random.pick(words));
  const position = checks.findIndex(({ name }) => name === "arguments");
  if (position === -1) return [];
  const expected = `${chosen.map((word) => Buffer.from(word).toString("hex")).join("\n")}${chosen.length > 0 ? "\n" : ""}`;
  checks[position] = { name: "arguments", script: checks[position]?.script ?? "", expected };
  return ["sh", ...chosen];
}
