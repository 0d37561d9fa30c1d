import { bundledVirtiofsd } from "./virtiofsd.ts";

/** A way for bind mounts into a guest, as tests go through them all. */
export interface ShareWay {
  readonly name: string;
  /** What makes runv take it, with a root file system that is streamed. */
  readonly env: () => Readonly<Record<string, string>>;
  /** What changes on one side is seen on the other; without, the guest has a copy. */
  readonly isLive: boolean;
  /** Sockets, FIFOs and devices can be made. */
  readonly makesSpecialFiles: boolean;
  /** What flock(2) says to a process that has a record lock of fcntl(2) on the file. */
  readonly flockBesideFcntl: "granted" | "EAGAIN";
}

const virtiofs = { isLive: true, makesSpecialFiles: true, flockBesideFcntl: "granted" } as const;

export const shareWays: readonly ShareWay[] = [
  {
    ...virtiofs,
    name: "virtiofs by the virtiofsd in C",
    env: () => ({ RUNV_VOLUMES: "virtiofs", RUNV_VIRTIOFSD: "/usr/lib/qemu/virtiofsd" }),
  },
  {
    ...virtiofs,
    name: "virtiofs by the virtiofsd in Rust",
    env: () => ({ RUNV_VOLUMES: "virtiofs", RUNV_VIRTIOFSD: bundledVirtiofsd() }),
  },
  {
    name: "9p",
    env: () => ({ RUNV_VOLUMES: "9p" }),
    isLive: true,
    makesSpecialFiles: false,
    // The client makes record locks of both kinds, and a record lock does not suffer another owner's.
    flockBesideFcntl: "EAGAIN",
  },
  {
    name: "copy",
    env: () => ({ RUNV_VOLUMES: "copy" }),
    isLive: false,
    makesSpecialFiles: true,
    flockBesideFcntl: "granted",
  },
];
