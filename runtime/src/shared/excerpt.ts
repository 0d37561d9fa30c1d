/** Longer than any honest value, and short enough for a line. */
const maxCharacters = 400;

/**
 * Text from outside as a message may quote it: one line, whose control characters are written as JSON does, and of a length that does
 * not bury the message.
 */
export function excerpt(text: string): string {
  const short = text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
  return short.replace(/[\p{Cc}\u2028\u2029]/gu, escaped);
}

function escaped(character: string): string {
  const named = JSON.stringify(character).slice(1, -1);
  return named === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}` : named;
}
