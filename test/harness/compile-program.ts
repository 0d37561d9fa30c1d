import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** A static program of this machine's C compiler. */
export function compileProgram(source: string): Buffer {
  const directory = mkdtempSync(path.join(tmpdir(), "runv-program-"));
  const [text, program] = [path.join(directory, "program.c"), path.join(directory, "program")];
  try {
    writeFileSync(text, source);
    execFileSync("cc", ["-static", "-o", program, text]);
    return readFileSync(program);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
