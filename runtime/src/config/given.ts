/** A value as somebody wrote it, before it is accepted for a setting. */
export interface Given {
  readonly kind: "string" | "integer" | "list" | "other";
  /** string: text; integer: number; list: its elements; other: null. */
  readonly value: string | number | readonly Given[] | null;
  /** As written, for messages. */
  readonly source: string;
}

export function givenText(text: string): Given {
  return { kind: "string", value: text, source: JSON.stringify(text) };
}

/** Decimal digits are a number, everything else stays text. */
export function givenNumber(text: string): Given {
  return /^\d{1,15}$/.test(text) ? { kind: "integer", value: Number(text), source: text } : givenText(text);
}

/** Elements between commas; empty text has none. */
export function givenList(text: string): Given {
  const elements = text.split(",").map((element) => givenText(element.trim()));
  return { kind: "list", value: text.trim() === "" ? [] : elements, source: JSON.stringify(text) };
}
