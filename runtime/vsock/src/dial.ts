import { connect, type Socket } from "node:net";
import { VsockError } from "./error.ts";

export interface DialOptions {
  /** UNIX socket that takes "CONNECT <port>\n" and answers "OK <port>\n" (as Firecracker's and vhost-device-vsock's do). */
  readonly socketPath: string;
  /** Guest port, 0 to 2^32-1. */
  readonly port: number;
  /** For the whole of connecting and being answered. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Of "OK <port>\n", or of a line that says why not. */
const maxAnswerBytes = 1024;

/**
 * Opens a stream to a port of the guest. The stream is paused; bytes that came with the answer are the first that it gives.
 * @throws VsockError
 */
export async function dial(options: DialOptions): Promise<Socket> {
  const target = `vsock port ${options.port} through ${options.socketPath}`;
  const socket = connect(options.socketPath);
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0);
    const timer = setTimeout(
      () => finish(new VsockError("timeout", `${target}: no answer within ${options.timeoutMs} ms`)),
      options.timeoutMs,
    );
    const onAbort = (): void => finish(new VsockError("cancelled", `${target}: cancelled`));
    const onError = (cause: Error): void =>
      finish(new VsockError("refused", `${target}: ${cause.message}`, { cause }));
    const onEnd = (): void => finish(new VsockError("refused", `${target}: nobody listens`));
    const onData = (chunk: Buffer): void => {
      answer = Buffer.concat([answer, chunk]);
      const end = answer.indexOf(10);
      if (end < 0 && answer.length <= maxAnswerBytes) return;
      const line = answer.subarray(0, end < 0 ? maxAnswerBytes : end).toString();
      if (end >= 0 && line.startsWith("OK ")) finish(answer.subarray(end + 1));
      else finish(new VsockError("protocol", `${target}: unexpected answer: ${JSON.stringify(line)}`));
    };
    const finish = (result: Buffer | VsockError): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", onAbort);
      socket.off("error", onError).off("end", onEnd).off("close", onEnd).off("data", onData);
      if (result instanceof VsockError) {
        // What still breaks on a socket that is being thrown away interests nobody.
        socket.on("error", () => undefined).destroy();
        reject(result);
        return;
      }
      socket.pause();
      if (result.length > 0) socket.unshift(result);
      resolve(socket);
    };
    socket.on("error", onError).on("end", onEnd).on("close", onEnd).on("data", onData);
    socket.write(`CONNECT ${options.port}\n`);
    if (options.signal?.aborted === true) onAbort();
    else options.signal?.addEventListener("abort", onAbort);
  });
}
