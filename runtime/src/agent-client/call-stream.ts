import { type Client, type ServiceError, status } from "@grpc/grpc-js";
import { abortReason } from "../shared/deadlines.ts";
import { agentError, type CallTarget } from "./call.ts";

export interface StreamOptions<Response> {
  /** The stream's only end beside its own: it lasts as long as what it tells of. */
  readonly signal: AbortSignal;
  readonly onMessage: (message: Response) => void;
}

/** One call with a stream of answers; resolves at its end. @throws RunvError as the agent threw it, or "cancelled", "unavailable". */
export async function callStream<Request, Response>(
  channel: Client,
  target: CallTarget<Request, Response>,
  request: Request,
  options: StreamOptions<Response>,
): Promise<void> {
  const { method, service } = target;
  const { signal, onMessage } = options;
  await new Promise<void>((resolve, reject) => {
    const stream = channel.makeServerStreamRequest(
      `/${service}/${method.name}`,
      (message: Request) => Buffer.from(method.requestType.encode(message).finish()),
      (bytes: Buffer) => method.responseType.decode(bytes),
      request,
    );
    const cancel = (): void => stream.cancel();
    const settle = (end: () => void): void => {
      signal.removeEventListener("abort", cancel);
      if (signal.aborted) reject(abortReason(signal));
      else end();
    };
    stream.on("data", onMessage);
    stream.on("error", (error: ServiceError) => settle(() => reject(agentError(error, method.name))));
    stream.on("status", ({ code }) => {
      if (code === status.OK) settle(resolve);
    });
    if (signal.aborted) cancel();
    else signal.addEventListener("abort", cancel);
  });
}
