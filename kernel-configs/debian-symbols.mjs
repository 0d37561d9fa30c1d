// node kernel-configs/debian-symbols.mjs
// Writes debian/enabled.txt anew: what Debian's own kernel of the pinned version has on (=y or =m) of the symbols
// that kconfig.mjs compares. Run it when the pin changes, then read what test/conformance/debian-kernel says.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseConfig } from "./fragments.mjs";
import { isCompared, promptedSymbols } from "./kconfig.mjs";

const here = import.meta.dirname;
const pins = JSON.parse(readFileSync(path.join(here, "pins.json"), "utf8"));
const series = pins.defaultPackage.replace("linux-source-", "");
const maxOutputBytes = 256 * 1024 * 1024;

/** Unpacks what the machine's apt has of the pinned version. @returns {string} its Debian version */
function unpack(name, directory) {
  const run = (...words) =>
    execFileSync(process.execPath, [path.join(here, "source.mjs"), ...words], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    }).trim();
  const version = run("resolve", name);
  const deb = run("fetch", name, version, directory);
  execFileSync("dpkg-deb", ["--extract", deb, directory]);
  return version;
}

/** The compared symbols of the kernel's source by Kconfig file. */
function symbolsByFile(directory) {
  const source = `linux-source-${series}`;
  const archive = path.join(directory, `usr/src/${source}.tar.xz`);
  const tree = path.join(directory, source);
  execFileSync("tar", ["-xJf", archive, "-C", directory, "--wildcards", "*/Kconfig*"], {
    maxBuffer: maxOutputBytes,
  });
  const files = readdirSync(tree, { recursive: true })
    .filter((file) => path.basename(file).startsWith("Kconfig") && isCompared(file))
    .sort();
  return files.map((file) => ({
    file,
    symbols: promptedSymbols(readFileSync(path.join(tree, file), "utf8")),
  }));
}

function debianConfig(directory) {
  const file = path.join(directory, `usr/src/linux-config-${series}/config.amd64_none_amd64.xz`);
  return parseConfig(
    execFileSync("xz", ["--decompress", "--stdout", file], { encoding: "utf8", maxBuffer: maxOutputBytes }),
  );
}

const directory = mkdtempSync(path.join(os.tmpdir(), "runv-debian-symbols-"));
try {
  const versions = [`linux-source-${series}`, `linux-config-${series}`].map((name) =>
    unpack(name, directory),
  );
  const config = debianConfig(directory);
  const isOn = (symbol) => ["y", "m"].includes(config.get(`CONFIG_${symbol}`));
  const seen = new Set();
  const lines = symbolsByFile(directory).flatMap(({ file, symbols }) => {
    const on = symbols.filter((symbol) => isOn(symbol) && !seen.has(symbol));
    for (const symbol of on) seen.add(symbol);
    return on.length === 0 ? [] : [`${file}: ${on.join(" ")}`];
  });
  const header = [
    `# On in config.amd64_none_amd64 of linux-config-${series} ${versions[1]}, of the symbols with a prompt in the`,
    `# Kconfig files of linux-source-${series} ${versions[0]}. Written by kernel-configs/debian-symbols.mjs.`,
  ];
  writeFileSync(path.join(here, "debian/enabled.txt"), `${[...header, ...lines].join("\n")}\n`);
  console.log(`debian-symbols: ${seen.size} symbols of ${lines.length} files`);
} finally {
  rmSync(directory, { recursive: true });
}
