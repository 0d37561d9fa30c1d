const minimumWidth = 12;
const padding = 3;

/** Columns as runc's tables have them (Go: text/tabwriter with minwidth 12 and padding 3); the last one is not padded. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const columnCount = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columnCount }, (_unused, column) =>
    Math.max(minimumWidth, ...rows.map((row) => (row[column]?.length ?? 0) + padding)),
  );
  return rows.map((row) => `${formatRow(row, widths)}\n`).join("");
}

function formatRow(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
    .join("");
}
