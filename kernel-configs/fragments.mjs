/**
 * What a configuration file or fragment says: lines `CONFIG_NAME=value` and `# CONFIG_NAME is not set`.
 * @param {string} text
 * @returns {Map<string, string>} value by symbol; "n" for "is not set"
 */
export function parseConfig(text) {
  const values = new Map();
  for (const line of text.split("\n")) {
    const set = /^(CONFIG_\w+)=(.*)$/.exec(line);
    const unset = /^# (CONFIG_\w+) is not set$/.exec(line);
    if (set !== null) values.set(set[1], set[2]);
    else if (unset !== null) values.set(unset[1], "n");
  }
  return values;
}

const asked = (symbol, value) => (value === "n" ? `${symbol} off` : `${symbol}=${value}`);

/**
 * Symbols that two fragments ask for with different values: the later would win in silence.
 * @param {{name: string, text: string}[]} fragments
 * @returns {string[]} one sentence a conflict
 */
export function conflicts(fragments) {
  const first = new Map();
  const found = [];
  for (const { name, text } of fragments) {
    for (const line of text.split("\n")) {
      for (const [symbol, value] of parseConfig(line)) {
        const earlier = first.get(symbol);
        if (earlier === undefined) first.set(symbol, { name, value });
        else if (earlier.value !== value) {
          found.push(
            `${name} asks for ${asked(symbol, value)}, ${earlier.name} for ${asked(symbol, earlier.value)}`,
          );
        }
      }
    }
  }
  return found;
}

/**
 * Symbols that a fragment asks for and the final configuration has not: gone in this kernel version, or held
 * back by a dependency. A symbol that the final configuration does not mention is off.
 * @param {{name: string, text: string}[]} fragments
 * @param {string} finalConfig text of the .config
 * @returns {string[]} one sentence a symbol
 */
export function unmet(fragments, finalConfig) {
  const final = parseConfig(finalConfig);
  return fragments.flatMap(({ name, text }) =>
    [...parseConfig(text)]
      .filter(([symbol, value]) => (final.get(symbol) ?? "n") !== value)
      .map(([symbol, value]) => {
        const got = final.has(symbol) ? asked(symbol, final.get(symbol)) : `no ${symbol}`;
        return `${name} asks for ${asked(symbol, value)}, the final configuration has ${got}`;
      }),
  );
}
