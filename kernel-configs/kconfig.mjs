/** Who asks for a prompt: `bool "Text"`, `tristate 'Text'`, `prompt "Text"`… (Documentation/kbuild/kconfig-language.rst). */
const prompt = /^\s+(bool|tristate|string|int|hex|prompt)\s+["']/;
const entry = /^\s*(?:menu)?config\s+(\w+)\s*$/;
const help = /^\s*(---)?help(---)?\s*$/;
const otherEntry = /^\s*(if|endif|menu|endmenu|choice|endchoice|source|comment|mainmenu)\b/;

/**
 * The symbols of a Kconfig file that a person can set, conditions aside: those with a prompt. The others follow
 * from them.
 * @param {string} text
 * @returns {string[]} names without CONFIG_, in order, each once
 */
export function promptedSymbols(text) {
  const found = new Set();
  let symbol;
  for (const line of text.replaceAll("\\\n", " ").split("\n")) {
    const begins = entry.exec(line);
    if (begins !== null) symbol = begins[1];
    // A help text is indented like attributes, and may have a line like one
    else if (help.test(line) || otherEntry.test(line)) symbol = undefined;
    else if (symbol !== undefined && prompt.test(line)) found.add(symbol);
  }
  return [...found];
}

/** What the comparison looks at: what programs may notice. Of the drivers only the folders' own files: devices of software. */
const comparedDrivers = ["block", "char", "net", "tty", "virtio"].map((name) => `drivers/${name}/Kconfig`);
const otherFolders = ["Documentation", "samples", "scripts", "sound", "tools"];

/**
 * Whether a Kconfig file of the kernel's tree counts in the comparison with a distribution's kernel.
 * @param {string} file below the tree's root
 */
export function isCompared(file) {
  const [top, second] = file.split("/");
  if (top === "drivers") return comparedDrivers.includes(file);
  if (top === "arch") return second === "Kconfig" || second === "x86";
  return !otherFolders.includes(top);
}
