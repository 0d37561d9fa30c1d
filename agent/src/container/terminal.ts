import { RunvError } from "@runv/protocol";
import { step } from "../linux/errno.ts";
import { S_IFCHR, S_IFMT } from "../linux/open-flags.ts";
import { close, type Fd, fstat, openPty, setWindowSize } from "../linux/sys.ts";

/** Major numbers of the multiplexor /dev/ptmx and of the pseudo-terminals behind it. */
const ptmxMajor = 5;
const ptmxMinor = 2;
const firstPtsMajor = 136;
const lastPtsMajor = 143;

export interface Terminal {
  readonly master: Fd;
  readonly slave: Fd;
  /** Of the slave, in the container. */
  readonly path: string;
}

/**
 * Opens a terminal of the present root's own devpts. What stands there may be the container's making, so it is looked at
 * before the agent lays hands on it.
 */
export function openTerminal(rows: number, columns: number): Terminal {
  const { master, slave, number } = step("open terminal /dev/pts/ptmx", () =>
    openPty("/dev/pts/ptmx", "/dev/pts"),
  );
  const [ptmx, pts] = [fstat(master), fstat(slave)];
  const isPtmx = ptmx.rdevMajor === ptmxMajor && ptmx.rdevMinor === ptmxMinor;
  const isPts = pts.rdevMajor >= firstPtsMajor && pts.rdevMajor <= lastPtsMajor;
  if (!isPtmx || !isPts || [ptmx, pts].some(({ mode }) => (mode & S_IFMT) !== S_IFCHR)) {
    close(master);
    close(slave);
    throw new RunvError("invalid-state", "open terminal /dev/pts/ptmx: not a pseudo-terminal");
  }
  if (rows > 0 || columns > 0) setWindowSize(master, rows, columns);
  return { master, slave, path: `/dev/pts/${number}` };
}
