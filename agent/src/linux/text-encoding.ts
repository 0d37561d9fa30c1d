import { utf8Decode, utf8Encode } from "./sys.ts";

class TextEncoder {
  encode(text: string): Uint8Array {
    return utf8Encode(text);
  }

  encodeInto(text: string, target: Uint8Array): { read: number; written: number } {
    const bytes = utf8Encode(text);
    target.set(bytes);
    return { read: text.length, written: bytes.length };
  }
}

class TextDecoder {
  readonly #fatal: boolean;

  constructor(_label: string, options: { readonly fatal?: boolean }) {
    this.#fatal = options.fatal === true;
  }

  decode(bytes: Uint8Array): string {
    return utf8Decode(bytes, this.#fatal);
  }
}

/** The protobuf library asks the global object for the WHATWG encoding API; this is as much of it as it uses. */
export function provideTextEncoding(): void {
  Object.assign(globalThis, { TextEncoder, TextDecoder });
}
