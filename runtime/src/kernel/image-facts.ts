/** What a file that kernels are booted from says of its kernel. */
export interface KernelImage {
  readonly format: "elf" | "bzImage";
  /** As uname(2) tells it; empty: the file does not say. */
  readonly release: string;
  /** Takes virtio devices without a bus, by parameters of its command line; null: the file does not say. */
  readonly virtioMmio: boolean | null;
  /** What it keeps of a machine's memory, however large that is, with one processor; null: the file does not say. */
  readonly residentKib: number | null;
}

/** Bytes of a file, fewer at its end. */
export type ReadAt = (offset: number, length: number) => Buffer;
