interface CpioEntry {
  /** Without a leading slash. */
  readonly name: string;
  readonly type: "file" | "directory" | "character";
  readonly permissions: number;
  /** Of a file. */
  readonly content?: Uint8Array;
  /** Of a character device. */
  readonly device?: readonly [major: number, minor: number];
}

/** A newc archive: owners are root, times 0. */
export function cpioArchive(entries: readonly CpioEntry[]): Uint8Array;
