// node scripts/debian-fetch.mjs source|binary NAME
// Brings a pinned Debian package into the cache and prints its directory: the package's files, `used.json`
// (which exact version came from where), and the unpacked tree in `source/` or `root/`.
import { debianPackage } from "./lib/debian-package.mjs";

const [kind, name, ...rest] = process.argv.slice(2);
if ((kind !== "source" && kind !== "binary") || name === undefined || rest.length > 0) {
  console.error("usage: node scripts/debian-fetch.mjs source|binary NAME");
  process.exit(2);
}
try {
  console.log(debianPackage(kind, name));
} catch (error) {
  console.error(`debian-fetch: ${error.message}`);
  process.exit(1);
}
