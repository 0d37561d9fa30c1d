import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { debianMirror } from "./debian-mirror.mjs";
import { cacheDirectory } from "./paths.mjs";

/**
 * A private apt that sees one suite and nothing of the machine's own lists, preferences and installed packages.
 * Runs are serialised by a lock, since several builds may share the cache.
 * @param {string} suite such as "trixie"
 */
export function debianSuite(suite) {
  const directory = path.join(cacheDirectory, "debian", "apt", suite);
  const lists = path.join(directory, "state/lists");
  mkdirSync(path.join(lists, "partial"), { recursive: true });
  mkdirSync(path.join(directory, "cache/archives/partial"), { recursive: true });
  const mirror = debianMirror();
  const options = mirror.keyring === undefined ? "" : `[signed-by=${mirror.keyring}] `;
  const sources = ["deb", "deb-src"].map((type) => `${type} ${options}${mirror.uri} ${suite} main\n`);
  writeFileSync(path.join(directory, "sources.list"), sources.join(""));
  writeFileSync(path.join(directory, "status"), "");
  const settings = {
    "Dir::Etc::SourceList": path.join(directory, "sources.list"),
    "Dir::Etc::SourceParts": "/dev/null",
    "Dir::Etc::Preferences": "/dev/null",
    "Dir::Etc::PreferencesParts": "/dev/null",
    "Dir::State": path.join(directory, "state"),
    "Dir::State::Status": path.join(directory, "status"),
    "Dir::Cache": path.join(directory, "cache"),
    "APT::Sandbox::User": "root",
    "APT::Update::Error-Mode": "any",
    "Acquire::Retries": "3",
    "Acquire::Languages": "none",
  };
  const arguments_ = Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  const apt = (program, args, cwd = directory) =>
    execFileSync("flock", [path.join(directory, "lock"), program, ...arguments_, ...args], {
      cwd,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 64 * 1024 * 1024,
    });
  return {
    mirrorUri: mirror.uri,
    hasLists: () => readdirSync(lists).some((name) => name.endsWith("Release")),
    update: () => apt("apt-get", ["-qq", "update"]),
    versions: (kind, name) => parseMadison(apt("apt-cache", ["madison", name]), kind),
    /** Puts the package's files into `target`, after apt has verified them. */
    download: (kind, name, { version, target }) =>
      kind === "source"
        ? apt("apt-get", ["-qq", "source", "--download-only", "--only-source", `${name}=${version}`], target)
        : apt("apt-get", ["-qq", "download", `${name}=${version}`], target),
  };
}

/** `apt-cache madison` prints "name | version | URI suite/main kind", newest first. */
function parseMadison(text, kind) {
  const index = kind === "source" ? "Sources" : "Packages";
  return text
    .split("\n")
    .map((line) => line.split("|").map((part) => part.trim()))
    .filter((parts) => parts[2]?.endsWith(index))
    .map((parts) => parts[1]);
}
