import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { debianSuite } from "./debian-suite.mjs";
import { cacheDirectory, repositoryRoot } from "./paths.mjs";

const pins = JSON.parse(readFileSync(path.join(repositoryRoot, "scripts/debian-pins.json"), "utf8"));

/**
 * A pinned Debian package in the cache, fetched when it is not there yet.
 * The pin is the upstream version: suites replace Debian revisions, which are accepted and recorded.
 * @param {"source" | "binary"} kind
 * @param {string} name a name in scripts/debian-pins.json
 * @returns {string} the package's directory
 * @throws {Error} when there is no pin, the network fails, or the suite no longer has the pinned version
 */
export function debianPackage(kind, name) {
  const pin = pins[kind]?.[name];
  if (pin === undefined)
    throw new Error(`no pin: ${kind} package ${name}: add it to scripts/debian-pins.json`);
  const kept = path.join(cacheDirectory, "debian", kind);
  mkdirSync(kept, { recursive: true });
  const prefix = `${name}_${pin.upstreamVersion}-`;
  const cached = readdirSync(kept).find(
    (entry) => entry.startsWith(prefix) && existsSync(path.join(kept, entry, "used.json")),
  );
  return cached === undefined ? fetchPackage({ kind, name, pin, kept }) : path.join(kept, cached);
}

function fetchPackage({ kind, name, pin, kept }) {
  console.error(`debian-fetch: ${kind} ${name} ${pin.upstreamVersion} from ${pin.suite}`);
  const suite = debianSuite(pin.suite);
  const attempt = () => {
    const version = newestRevision({ suite, kind, name, pin });
    return version === undefined ? undefined : download({ suite, kind, name, pin, kept, version });
  };
  // Lists that were fetched days ago may name files that the mirror has replaced: then update once and try again.
  const first = suite.hasLists() ? outcome(attempt) : undefined;
  if (first?.value !== undefined) return first.value;
  const updated = outcome(() => suite.update());
  if (updated.error !== undefined) throw aptError(`cannot read suite ${pin.suite}`, updated.error);
  const second = outcome(attempt);
  if (second.error !== undefined) throw aptError(`cannot fetch ${kind} package ${name}`, second.error);
  if (second.value === undefined) {
    const offered = suite.versions(kind, name).join(", ") || "none";
    throw new Error(
      `pinned version is gone: ${kind} package ${name} ${pin.upstreamVersion} in ${pin.suite} (offered: ${offered}): ` +
        "change scripts/debian-pins.json after testing the new version, or copy the kept package from another machine's cache",
    );
  }
  return second.value;
}

function outcome(action) {
  try {
    return { value: action() };
  } catch (error) {
    return { error };
  }
}

function aptError(what, error) {
  const said = String(error.stderr ?? "").trim() || error.message;
  return new Error(`${what}: ${said}`, { cause: error });
}

function newestRevision({ suite, kind, name, pin }) {
  return suite.versions(kind, name).find((version) => upstreamOf(version) === pin.upstreamVersion);
}

/** Debian versions are [epoch:]upstream[-revision] (deb-version(7)). */
function upstreamOf(version) {
  return version.replace(/^\d+:/, "").replace(/-[^-]*$/, "");
}

function download({ suite, kind, name, pin, kept, version }) {
  const temporary = mkdtempSync(path.join(kept, `.fetch-${name}-`));
  try {
    suite.download(kind, name, { version, target: temporary });
    const files = readdirSync(temporary).map((file) => ({
      file,
      sha256: sha256(path.join(temporary, file)),
    }));
    unpack(kind, temporary, files);
    const used = { name, kind, suite: pin.suite, version, mirrorUri: suite.mirrorUri, files };
    writeFileSync(path.join(temporary, "used.json"), `${JSON.stringify(used, null, 2)}\n`);
    const final = path.join(kept, `${name}_${version.replace(/^\d+:/, "")}`);
    if (!existsSync(final)) renameSync(temporary, final);
    return final;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function unpack(kind, directory, files) {
  const find = (suffix) => path.join(directory, files.find(({ file }) => file.endsWith(suffix)).file);
  const quiet = { stdio: ["ignore", "ignore", "pipe"] };
  if (kind === "source") {
    execFileSync("dpkg-source", ["--extract", find(".dsc"), path.join(directory, "source")], quiet);
  } else {
    execFileSync("dpkg-deb", ["--extract", find(".deb"), path.join(directory, "root")], quiet);
  }
}

function sha256(file) {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
