import { createHash, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";

/** A file of random bytes, and the SHA-256 of it written `times` over. */
export function randomFile(file: string, size: { readonly bytes: number; readonly times: number }): string {
  const content = randomBytes(size.bytes);
  writeFileSync(file, content);
  const hash = createHash("sha256");
  for (let time = 0; time < size.times; time++) hash.update(content);
  return hash.digest("hex");
}
