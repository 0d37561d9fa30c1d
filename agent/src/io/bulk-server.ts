import { type BulkHeader, maxBulkHeaderBytes, parseBulkHeader } from "@runv/protocol";
import { errnoOf } from "../linux/errno.ts";
import { clearTimer, close, type Fd, read, setTimer, unwatch, utf8Decode, watch } from "../linux/sys.ts";
import type { Port } from "./port.ts";

const EPOLLIN = 1;
/** From the connection to the last byte of its header line. */
const headerDeadlineMs = 10_000;
const newline = 10;

/** Reads the line that opens each bulk connection and hands the rest to `onStream`, which owns the descriptor. */
export function serveBulk(port: Port, onStream: (header: BulkHeader, connection: Fd) => void): void {
  port.serve((connection) => {
    const line: number[] = [];
    const end = (header: BulkHeader | null): void => {
      clearTimer(timer);
      unwatch(connection);
      if (header === null) close(connection);
      else onStream(header, connection);
    };
    watch(connection, EPOLLIN, () => {
      const outcome = readLine(connection, line);
      if (outcome !== undefined) end(outcome);
    });
    const timer = setTimer(headerDeadlineMs, () => end(null));
  });
}

/** Byte by byte: what follows the line is not ours. @returns undefined while the line goes on, null when it is no header */
function readLine(connection: Fd, line: number[]): BulkHeader | null | undefined {
  try {
    for (;;) {
      const [byte] = read(connection, 1);
      if (byte === newline) return parseBulkHeader(utf8Decode(new Uint8Array(line)));
      if (byte === undefined || line.length >= maxBulkHeaderBytes) return null;
      line.push(byte);
    }
  } catch (thrown) {
    return errnoOf(thrown) === "EAGAIN" ? undefined : null;
  }
}
