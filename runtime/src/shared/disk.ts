/** An image or a block device that becomes a guest's disk. */
export interface Disk {
  /** Open in this process. */
  readonly descriptor: number;
  /** How long its file may become. */
  readonly sizeBytes: number;
  readonly format: "raw" | "qcow2";
  readonly readonly: boolean;
}
