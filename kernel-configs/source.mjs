// node kernel-configs/source.mjs pin                              prints "PACKAGE UPSTREAM_VERSION" of the default
// node kernel-configs/source.mjs resolve PACKAGE [SUITE]          prints the Debian version to build
// node kernel-configs/source.mjs fetch PACKAGE VERSION DIR [SUITE] puts the verified .deb into DIR
//
// Without SUITE the machine's own apt sources serve, security updates included; with it, that suite of the
// Debian mirror that the machine uses.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { debianSuite } from "../scripts/lib/debian-suite.mjs";
import { chooseVersion } from "./versions.mjs";

const pins = JSON.parse(readFileSync(path.join(import.meta.dirname, "pins.json"), "utf8"));
const piped = { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] };

const machineApt = {
  versions(name) {
    const rows = execFileSync("apt-cache", ["madison", name], piped)
      .split("\n")
      .map((line) => line.split("|").map((part) => part.trim()));
    return rows.filter((row) => row[2]?.endsWith("Packages")).map((row) => row[1]);
  },
  download(name, { version, target }) {
    const options = ["-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3"];
    execFileSync("apt-get", ["-qq", ...options, "download", `${name}=${version}`], { ...piped, cwd: target });
  },
};

function suiteApt(suite) {
  const apt = debianSuite(suite);
  if (!apt.hasLists()) apt.update();
  return {
    versions: (name) => apt.versions("binary", name),
    download: (name, request) => apt.download("binary", name, request),
  };
}

const aptFor = (suite) => (suite === undefined ? machineApt : suiteApt(suite));

function resolve(name, suite) {
  const offered = aptFor(suite).versions(name);
  const pinned = pins.packages[name]?.upstreamVersion;
  const version = chooseVersion(offered, pinned);
  if (version !== undefined) return version;
  const where = suite === undefined ? "this machine's apt sources" : `suite ${suite}`;
  if (offered.length === 0) throw new Error(`no such package: ${name} in ${where}: run apt-get update`);
  throw new Error(
    `no usable version: ${name}: ${where} offer ${offered.join(", ")}, pinned is ${pinned}: run apt-get update, ` +
      "or change kernel-configs/pins.json after testing another version",
  );
}

const verbs = {
  pin: () => `${pins.defaultPackage} ${pins.packages[pins.defaultPackage].upstreamVersion}`,
  resolve,
  fetch(name, version, target, suite) {
    aptFor(suite).download(name, { version, target });
    const begin = `${name}_${version.replace(":", "%3a")}_`;
    return path.join(
      target,
      readdirSync(target).find((file) => file.startsWith(begin) && file.endsWith(".deb")),
    );
  },
};

const [verb, ...words] = process.argv.slice(2);
try {
  if (!Object.hasOwn(verbs, verb ?? "")) throw new Error(`no such verb: ${verb}`);
  console.log(verbs[verb](...words));
} catch (error) {
  console.error(`kernel: ${String(error.stderr ?? "").trim() || error.message}`);
  process.exitCode = 1;
}
