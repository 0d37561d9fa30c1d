// node kernel-configs/check-fragments.mjs FRAGMENT...             do the fragments contradict each other?
// node kernel-configs/check-fragments.mjs --final CONFIG FRAGMENT... does CONFIG have all they ask for?
// Status 1 and one line a fault.
import { readFileSync } from "node:fs";
import path from "node:path";
import { conflicts, unmet } from "./fragments.mjs";

const words = process.argv.slice(2);
const finalConfig = words[0] === "--final" ? words.splice(0, 2)[1] : undefined;
const fragments = words.map((file) => ({
  name: path.relative(import.meta.dirname, path.resolve(file)),
  text: readFileSync(file, "utf8"),
}));
const faults =
  finalConfig === undefined ? conflicts(fragments) : unmet(fragments, readFileSync(finalConfig, "utf8"));
for (const fault of faults) console.error(`kernel: ${fault}`);
process.exitCode = faults.length === 0 ? 0 : 1;
