/**
 * Text as the value of `grpc-message`: UTF-8, and everything but printable ASCII without "%" as %XX (grpc
 * doc/PROTOCOL-HTTP2.md, Status-Message). Unpaired surrogates become U+FFFD.
 * @param maxLength the result has at most that many characters; what does not fit is cut off between characters
 */
export function percentEncode(text: string, maxLength: number): string {
  let encoded = "";
  for (const character of text) {
    const part = encodeCharacter(character);
    if (encoded.length + part.length > maxLength) break;
    encoded += part;
  }
  return encoded;
}

function encodeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0x20 && code <= 0x7e && character !== "%") return character;
  if (code >= 0xd800 && code <= 0xdfff) return "%EF%BF%BD";
  if (code < 0x80) return `%${code.toString(16).toUpperCase().padStart(2, "0")}`;
  return encodeURIComponent(character);
}

/** The reverse; text that is not a valid encoding comes back as it is, as the specification asks. */
export function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
