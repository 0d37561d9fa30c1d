/**
 * What a verb and the packer it starts say to each other, on descriptor 3 of the packer (a stream socket), one JSON object a line.
 *
 *     verb → packer   PackerSpec, the first line
 *     packer → verb   PackerEvent, once, when the archive is written (or cannot be); then the packer ends, with status 0 or 1
 *
 * The packer ends when the verb does (PDEATHSIG), wherever it is. The verb's deadline is the packer's: it is killed.
 */
export const packerContractVersion = 1;

export interface PackerSpec {
  readonly version: number;
  /** Absolute; everything below it is packed, and its own attributes as those of "./". */
  readonly directory: string;
  /** Stay on the file system of `directory`: what is mounted below it arrives as empty directories. */
  readonly oneFileSystem: boolean;
  readonly destination: PackerDestination;
}

export type PackerDestination =
  | { readonly kind: "stdout" }
  /** A port of the guest, reached through the monitor's vsock.sock; `header` is sent before the archive. */
  | {
      readonly kind: "guest";
      readonly vsockSocket: string;
      readonly port: number;
      readonly header: string;
      /** How long the guest may take to listen. */
      readonly connectTimeoutMs: number;
    };

export type PackerEvent =
  | {
      readonly event: "packed";
      readonly entries: number;
      /** Of file content, holes not counted. */
      readonly bytes: number;
      readonly warnings: readonly string[];
    }
  | {
      readonly event: "failed";
      /** "unavailable": whoever was to receive it is gone; its own report says why. */
      readonly code: "not-found" | "unavailable" | "timeout" | "internal";
      readonly message: string;
    };
