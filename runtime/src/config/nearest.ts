import { closestMatch } from "leven";

/** @returns " (did you mean …?)" when one of the candidates is close to `name`, else nothing. */
export function nearestOf(name: string, candidates: readonly string[]): string {
  const maxDistance = Math.max(2, Math.floor(name.length / 3));
  const last = (key: string): string => key.slice(key.lastIndexOf(".") + 1);
  // What is forgotten most often is the table.
  const found =
    candidates.find((key) => last(key) === name) ?? closestMatch(name, candidates, { maxDistance });
  return found === undefined ? "" : ` (did you mean ${found}?)`;
}
