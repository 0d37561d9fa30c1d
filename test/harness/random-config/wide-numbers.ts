const mark = "number:";

/** Stands for a number that JavaScript cannot hold, in what `jsonText` writes. */
export function unsigned(value: bigint): string {
  return `${mark}${value}`;
}

/** JSON, with all digits of the numbers that `unsigned` stands for. */
export function jsonText(document: object): string {
  return JSON.stringify(document).replace(new RegExp(`"${mark}(\\d+)"`, "g"), "$1");
}
