// `npm run lockfile`: completes package-lock.json after `npm install`.
// npm leaves optional packages of other platforms out of the lock file when the registry in use does not mirror them, and then
// refuses its own file in `npm ci`. They are written back from the `optionalDependencies` that name them; `npm ci` skips them by os and cpu.
import { readFileSync, writeFileSync } from "node:fs";

const systems = [
  "android",
  "darwin",
  "win32",
  "freebsd",
  "openbsd",
  "netbsd",
  "sunos",
  "aix",
  "openharmony",
  "linux",
];
const processors = [
  "arm64",
  "aarch64",
  "ia32",
  "riscv64",
  "ppc64",
  "s390x",
  "loong64",
  "mips64el",
  "wasm32",
  "arm",
  "x64",
];

const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
const entries = new Map(Object.entries(lock.packages));
for (const [path, entry] of entries) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    const hoisted = `node_modules/${name}`;
    if (!entries.has(`${path}/node_modules/${name}`) && !entries.has(hoisted)) {
      entries.set(hoisted, platformEntry(name, range));
      console.log(`added ${name}@${range}`);
    }
  }
}
lock.packages = Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`);

function platformEntry(name, range) {
  const version = /\d+\.\d+\.\d+\S*/.exec(range)?.[0];
  const system = systems.find((word) => name.includes(word));
  const processor = processors.find((word) => name.replace("win32", "").includes(word));
  if (version === undefined || system === undefined || processor === undefined) {
    throw new Error(`complete-lockfile: ${name}@${range}: cannot tell its platform from its name`);
  }
  const libc = name.includes("musl") ? { libc: ["musl"] } : {};
  return {
    version,
    cpu: [processor === "aarch64" ? "arm64" : processor],
    ...libc,
    optional: true,
    os: [system],
  };
}
