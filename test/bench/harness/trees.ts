import { randomFillSync } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { rootfsWith } from "../../harness/guest-programs.ts";

/** Of root file systems; the first is busybox alone. */
export const imageSizesMb = [2, 100, 500] as const;
export const program = "read-files";
export const largeFile = "data/large";
export const smallFiles = "data/small";

const bytesPerMb = 1_000_000;
const largeMb = 100;
const smallCount = 5_000;
const smallBytes = 4_096;
/** What is left is of files as large as those of images are on average. */
const usualBytes = 64_000;
const usualPerDirectory = 100;

/** A root file system of busybox, and of random bytes up to a size; the largest has what is read. */
export async function makeTree(directory: string, mb: number): Promise<void> {
  await rootfsWith(directory, [program]);
  const [smallest, largest] = [Math.min(...imageSizesMb), Math.max(...imageSizesMb)];
  let left = (mb - smallest) * bytesPerMb;
  if (mb === largest) {
    mkdirSync(path.join(directory, smallFiles), { recursive: true });
    writeFileSync(path.join(directory, largeFile), randomFillSync(Buffer.alloc(largeMb * bytesPerMb)));
    for (let index = 0; index < smallCount; index++)
      writeFileSync(path.join(directory, smallFiles, `${index}`), randomFillSync(Buffer.alloc(smallBytes)));
    left -= largeMb * bytesPerMb + smallCount * smallBytes;
  }
  for (let index = 0; left >= usualBytes; index++, left -= usualBytes) {
    const folder = path.join(directory, "files", `${Math.floor(index / usualPerDirectory)}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, `${index}`), randomFillSync(Buffer.alloc(usualBytes)));
  }
}
