import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";

const repositoryRoot = path.resolve(import.meta.dirname, "../../..");
const nativeDirectory = path.join(repositoryRoot, "agent/native");
const fixtures = path.join(repositoryRoot, "test/fixtures/native");

/** Compiling with sanitizers on a loaded machine. */
export const compileTimeoutMs = 300_000;

/** Reader and packer with AddressSanitizer and UndefinedBehaviorSanitizer, and what makes and compares trees. */
export interface TarPrograms {
  readonly tool: string;
  readonly fuzz: string;
  readonly generate: string;
  readonly list: string;
}

const flags = ["-std=gnu11", "-D_GNU_SOURCE", "-O1", "-g", "-fno-omit-frame-pointer"];
const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/** The core alone: the glue to the engine is not under test here. */
function coreFiles(extension: string): string[] {
  return readdirSync(nativeDirectory)
    .filter((name) => /^tar[-.]/.test(name) && name.endsWith(extension) && !name.includes("module"))
    .sort()
    .map((name) => path.join(nativeDirectory, name));
}

async function compile(output: string, sources: readonly string[]): Promise<void> {
  const contents = [...sources, ...coreFiles(".h")].map((file) => readFileSync(file));
  const key = createHash("sha256");
  for (const content of contents) key.update(content);
  const stamp = `${output}-${key.digest("hex").slice(0, 16)}`;
  if (!existsSync(stamp)) {
    const partial = `${stamp}.${process.pid}`;
    await execa("clang", [...flags, ...sanitizers, "-I", nativeDirectory, "-o", partial, ...sources]);
    renameSync(partial, stamp);
  }
  built.set(output, stamp);
}

const built = new Map<string, string>();

/** Builds the programs, or finds them in the cache. */
export async function tarPrograms(): Promise<TarPrograms> {
  const cache = path.join(
    process.env["RUNV_CACHE_DIR"] ?? path.join(repositoryRoot, ".cache"),
    "test-native",
  );
  mkdirSync(cache, { recursive: true });
  const program = async (name: string, core: readonly string[]): Promise<string> => {
    const output = path.join(cache, name);
    await compile(output, [path.join(fixtures, `${name}.c`), ...core]);
    return built.get(output) ?? output;
  };
  return {
    tool: await program("tar-tool", coreFiles(".c")),
    fuzz: await program("tar-fuzz", coreFiles(".c")),
    generate: await program("tree-generate", []),
    list: await program("tree-list", []),
  };
}

/** A fresh directory; the returned function removes it. In memory where that is possible: trees are many small files. */
export function scratch(inMemory = false): { readonly directory: string; remove(): void } {
  const parent = inMemory && existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const directory = mkdtempSync(path.join(parent, "runv-tar-"));
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

/** What tar-tool says in its last line. */
export interface TarReport {
  readonly exitCode: number;
  /** errno, of a failure. */
  readonly number: number;
  readonly message: string;
  readonly entries: number;
  readonly shrunkFiles: number;
}

const ample = ["1000000", String(2 ** 50)];

function parseReport(exitCode: number | undefined, stderr: string): TarReport {
  const last = stderr.trim().split("\n").at(-1) ?? "";
  let value: unknown;
  try {
    value = JSON.parse(last);
  } catch {
    throw new Error(`tar-tool ended with ${exitCode}: ${stderr}`);
  }
  const fields = new Map(Object.entries(value ?? {}));
  const number = (name: string): number => Number(fields.get(name) ?? 0);
  return {
    exitCode: exitCode ?? -1,
    number: number("number"),
    message: String(fields.get("message") ?? ""),
    entries: number("entries"),
    shrunkFiles: number("shrunkFiles"),
  };
}

export async function untar(
  tool: string,
  archive: string | Uint8Array,
  directory: string,
  limits: readonly string[] = ample,
): Promise<TarReport> {
  const input = typeof archive === "string" ? { inputFile: archive } : { input: archive };
  const run = await execa(tool, ["untar", directory, ...limits], { ...input, reject: false });
  return parseReport(run.exitCode, run.stderr);
}

export async function pack(
  tool: string,
  directory: string,
  archive: string,
  options: readonly string[] = [],
): Promise<TarReport> {
  const run = await execa(tool, ["pack", directory, ...options], {
    stdout: { file: archive },
    reject: false,
    buffer: { stdout: false },
  });
  return parseReport(run.exitCode, run.stderr);
}

/** One line for every entry, with everything that must survive. */
export async function listTree(list: string, directory: string): Promise<string[]> {
  const { stdout } = await execa(list, [directory]);
  return stdout.split("\n");
}
