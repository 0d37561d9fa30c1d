import { O_RDONLY } from "./open-flags.ts";
import { close, type Fd, open, read, unwatch, watch } from "./sys.ts";

/** EPOLLPRI of epoll_ctl(2): what the kernel signals on a cgroup's event files. */
const EPOLLPRI = 2;
const maxFileBytes = 4096;

/** Calls `changed` whenever the kernel says that the text of a cgroup's event file is another one. */
export class EventFile {
  readonly #path: string;
  readonly #changed: () => void;
  #fd: Fd;

  constructor(path: string, changed: () => void) {
    this.#path = path;
    this.#changed = changed;
    this.#fd = this.#arm();
  }

  /** A descriptor tells of what happens after its file was read through it from the start. */
  #arm(): Fd {
    const fd = open(this.#path, O_RDONLY);
    try {
      read(fd, maxFileBytes);
      watch(fd, EPOLLPRI, () => this.#renew());
    } catch (thrown) {
      close(fd);
      throw thrown;
    }
    return fd;
  }

  #renew(): void {
    this.close();
    try {
      this.#fd = this.#arm();
    } finally {
      this.#changed();
    }
  }

  close(): void {
    if (this.#fd < 0) return;
    unwatch(this.#fd);
    close(this.#fd);
    this.#fd = -1;
  }
}
