/** What a virtual machine takes of the host, whatever its container may use of it. */
export interface HostNeed {
  /** The machine's memory as it starts, and that of the processes around it. */
  readonly memoryBytes: number;
  /** More, for each MiB of memory that its guest is given later. */
  readonly bytesPerAddedMib: number;
  /** Threads and processes that are not the container's. */
  readonly tasks: number;
}
