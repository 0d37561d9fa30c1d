// Counts up in a file under the lock of a directory until it is killed, and reports each turn with a dot.
import { readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { withContainerLock } from "../../../../runtime/src/state/lock.ts";

const [directory = "", counter = ""] = process.argv.slice(2);
const inside = `${counter}.inside`;

for (;;) {
  await withContainerLock(directory, "worker", async () => {
    // Fails when another live worker is in here; one that was killed in here left its pid.
    claim();
    const count = Number(readFileSync(counter, "utf8"));
    await new Promise((resolve) => setImmediate(resolve));
    writeFileSync(`${counter}.new`, String(count + 1));
    renameSync(`${counter}.new`, counter);
    writeFileSync(inside, "");
  });
  writeSync(1, ".");
}

function claim(): void {
  const other = readOther();
  if (other !== "" && isRunning(Number(other))) {
    writeSync(2, `two at once: ${process.pid} and ${other}\n`);
    process.exit(1);
  }
  writeFileSync(inside, String(process.pid));
}

function readOther(): string {
  try {
    return readFileSync(inside, "utf8");
  } catch {
    return "";
  }
}

function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}
