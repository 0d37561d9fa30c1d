// Builds the programs that run on QuickJS: node scripts/build-native.mjs [--sanitize] [--debug] [PROGRAM...]
// Without --sanitize: static musl executables in dist/ and the initramfs. With it: the same programs for this machine, checked by
// AddressSanitizer and UndefinedBehaviorSanitizer, in dist/sanitize/.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { distDirectory, repositoryRoot } from "./lib/paths.mjs";
import { buildProgram, replaceFile } from "./native/build-program.mjs";
import { cpioArchive } from "./native/cpio.mjs";
import { everyFamily, programs } from "./native/programs.mjs";
import { toolchains } from "./native/toolchain.mjs";

/** The agent is all that the guest's first file system holds; /dev/console is where the kernel opens its stdio. */
function writeInitramfs(agent, output) {
  mkdirSync(path.dirname(output), { recursive: true });
  const archive = cpioArchive([
    { name: "dev", type: "directory", permissions: 0o755 },
    { name: "dev/console", type: "character", permissions: 0o600, device: [5, 1] },
    { name: "init", type: "file", permissions: 0o755, content: readFileSync(agent) },
  ]);
  replaceFile(output, (partial) => writeFileSync(partial, archive));
}

async function main() {
  const { values, positionals } = parseArgs({
    options: {
      sanitize: { type: "boolean", default: false },
      debug: { type: "boolean", default: false },
      entry: { type: "string" },
      output: { type: "string" },
    },
    allowPositionals: true,
  });
  const toolchain = await (values.sanitize ? toolchains.sanitize() : toolchains.musl());
  if (values.entry !== undefined) {
    const output = path.resolve(values.output ?? path.basename(values.entry, ".ts"));
    const name = path.basename(values.entry, ".ts");
    await buildProgram(
      toolchain,
      { name, entry: path.relative(repositoryRoot, path.resolve(values.entry)), families: everyFamily },
      { output, debug: values.debug },
    );
    return;
  }
  const directory = values.sanitize ? path.join(distDirectory, "sanitize") : distDirectory;
  for (const program of programs.filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  )) {
    await buildListed(toolchain, program, {
      output: path.join(directory, program.output),
      debug: values.debug,
    });
  }
  const agent = path.join(distDirectory, "runv-agent");
  if (!values.sanitize && existsSync(agent))
    writeInitramfs(agent, path.join(distDirectory, "guest/initramfs.cpio"));
}

async function buildListed(toolchain, program, options) {
  if (!existsSync(path.join(repositoryRoot, program.entry))) {
    console.log(`${program.output}: skipped, no ${program.entry} yet`);
    return;
  }
  const startedMs = performance.now();
  await buildProgram(toolchain, program, options);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(
    `${path.relative(repositoryRoot, options.output)}: ${(statSync(options.output).size / 1024).toFixed(0)} KiB, ${seconds} s`,
  );
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
