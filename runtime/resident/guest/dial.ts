import { errorMessage, RunvError } from "@runv/protocol";
import { errnoName } from "../linux/system-error.ts";
import { connectSocket } from "../linux/unix-socket.ts";
import { interval, remainingMs } from "../linux/wait.ts";
import * as sys from "../sys.ts";
import { maxAnswerBytes, readLine } from "./line.ts";

const connectRetryIntervalMs = 20;

/**
 * Connects to a UNIX socket that leads to a guest and asks for a port ("CONNECT <port>\n", answered by "OK …\n").
 * @returns a non-blocking socket, nothing read beyond the answer; null when the guest does not listen (yet).
 * @throws RunvError "unavailable" when nobody serves the socket, "timeout", "protocol".
 */
export async function dialGuestPort(
  socketPath: string,
  port: number,
  deadlineMs: number,
): Promise<number | null> {
  const fd = await connectUnix(socketPath, deadlineMs);
  try {
    const connected = await askForPort(fd, port, deadlineMs);
    if (connected) return fd;
  } catch (thrown) {
    sys.close(fd);
    throw thrown;
  }
  sys.close(fd);
  return null;
}

async function askForPort(fd: number, port: number, deadlineMs: number): Promise<boolean> {
  const target = `guest port ${port}`;
  try {
    sys.write(fd, `CONNECT ${port}\n`);
  } catch (thrown) {
    if (errnoName(thrown) === "EPIPE" || errnoName(thrown) === "ECONNRESET") return false;
    throw thrown;
  }
  const answer = await readLine(fd, { from: target, deadlineMs, maxBytes: maxAnswerBytes });
  if (answer === null) return false;
  if (answer.startsWith("OK ")) return true;
  const code = answer.startsWith("ERROR ") ? "unavailable" : "protocol";
  throw new RunvError(code, `${target}: refused: ${answer}`);
}

/** A full backlog (EAGAIN) empties with time; whatever else is wrong with a UNIX socket is final. */
async function connectUnix(path: string, deadlineMs: number): Promise<number> {
  for (;;) {
    try {
      return connectSocket(path);
    } catch (thrown) {
      if (errnoName(thrown) !== "EAGAIN" || remainingMs(deadlineMs) === 0) {
        const text = errorMessage(thrown);
        throw new RunvError("unavailable", `connect to the guest: ${text}; has its VM ended?`, {
          cause: thrown,
        });
      }
    }
    await interval(connectRetryIntervalMs);
  }
}

/** As `dialGuestPort`, again and again until the guest listens. @throws RunvError "timeout" when it does not in time. */
export async function dialListeningGuest(
  socketPath: string,
  port: number,
  timeoutMs: number,
): Promise<number> {
  const deadlineMs = sys.monotonicMs() + timeoutMs;
  for (;;) {
    const fd = await dialGuestPort(socketPath, port, deadlineMs);
    if (fd !== null) return fd;
    if (remainingMs(deadlineMs) === 0) {
      throw new RunvError(
        "timeout",
        `connect to guest port ${port}: the guest did not listen within ${timeoutMs} ms`,
      );
    }
    await interval(connectRetryIntervalMs);
  }
}
