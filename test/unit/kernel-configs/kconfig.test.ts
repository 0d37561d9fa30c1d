import { spawnSync } from "node:child_process";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";

const module = pathToFileURL(path.resolve(import.meta.dirname, "../../../kernel-configs/kconfig.mjs")).href;

/** What a function of kconfig.mjs, which has no types, answers. */
function answer(name: string, argument: string): unknown {
  const program = `import { ${name} } from ${JSON.stringify(module)};
    console.log(JSON.stringify(${name}(${JSON.stringify(argument)})));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    encoding: "utf8",
  });
  if (stderr !== "") throw new Error(stderr);
  return JSON.parse(stdout);
}

test("the symbols that a person can set are those with a prompt", () => {
  const text = `
menu "Timers"
config POSIX_TIMERS
	bool "Posix Clocks & timers" if EXPERT
	default y
	help
	  A help text may have a line like an attribute:
	    bool "not one"
config HIDDEN
	def_bool y
	select POSIX_TIMERS
	help
	  bool "not a prompt"
menuconfig NET
	tristate
	prompt 'Networking' if \\
	  EXPERT
config HZ
	int "Ticks"
choice
	prompt "One of"
config ONE
	bool
endchoice
if NET
  config INDENTED
	string "Indented"
endif
config NET
	bool "again"
`;
  expect(answer("promptedSymbols", text)).toEqual(["POSIX_TIMERS", "NET", "HZ", "INDENTED"]);
});

test.each([
  { file: "init/Kconfig", compared: true },
  { file: "fs/ext4/Kconfig", compared: true },
  { file: "arch/Kconfig", compared: true },
  { file: "arch/x86/kvm/Kconfig", compared: true },
  { file: "arch/arm64/Kconfig", compared: false },
  { file: "drivers/net/Kconfig", compared: true },
  { file: "drivers/net/ethernet/intel/Kconfig", compared: false },
  { file: "drivers/Kconfig", compared: false },
  { file: "sound/Kconfig", compared: false },
])("$file is compared: $compared", ({ file, compared }) => {
  expect(answer("isCompared", file)).toBe(compared);
});
