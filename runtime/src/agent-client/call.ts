import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import { errorFromTrailers } from "@runv/protocol";
import { abortReason } from "../shared/deadlines.ts";

/** What the generated code says of one unary method; the codecs are the generated messages themselves. */
export interface UnaryMethod<Request, Response> {
  readonly name: string;
  readonly requestType: { encode(message: Request): { finish(): Uint8Array } };
  readonly responseType: { decode(bytes: Uint8Array): Response };
}

/** Largest answer that is taken from a guest. */
const maxAnswerBytes = 4_194_304;

/** A channel to the agent over the monitor's agent.sock, which holds the connection until the guest answers. */
export function openChannel(socketPath: string): Client {
  return new Client(`unix:${socketPath}`, credentials.createInsecure(), {
    "grpc.max_receive_message_length": maxAnswerBytes,
    "grpc.enable_retries": 0,
    "grpc.service_config_disable_resolution": 1,
    "grpc.initial_reconnect_backoff_ms": 20,
    "grpc.max_reconnect_backoff_ms": 200,
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_channelz": 0,
  });
}

/** A method and where it lives. */
export interface CallTarget<Request, Response> {
  /** Full name, "runv.agent.v1.Sandbox". */
  readonly service: string;
  readonly method: UnaryMethod<Request, Response>;
}

export interface CallOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** One unary call. @throws RunvError as the agent threw it, or "timeout", "cancelled", "unavailable". */
export async function call<Request, Response>(
  channel: Client,
  target: CallTarget<Request, Response>,
  request: Request,
  options: CallOptions,
): Promise<Response> {
  const { method, service } = target;
  return new Promise((resolve, reject) => {
    const pending = channel.makeUnaryRequest(
      `/${service}/${method.name}`,
      (message: Request) => Buffer.from(method.requestType.encode(message).finish()),
      (bytes: Buffer) => method.responseType.decode(bytes),
      request,
      { deadline: Date.now() + options.timeoutMs },
      (error, response) => {
        options.signal.removeEventListener("abort", cancel);
        if (options.signal.aborted) reject(abortReason(options.signal));
        else if (error !== null) reject(agentError(error, method.name));
        else if (response === undefined)
          reject(agentError({ code: status.INTERNAL, details: "no answer", metadata: null }, method.name));
        else resolve(response);
      },
    );
    const cancel = (): void => {
      pending.cancel();
    };
    if (options.signal.aborted) cancel();
    else options.signal.addEventListener("abort", cancel);
  });
}

/** The RunvError that the agent threw. */
export function agentError(
  error: Pick<ServiceError, "code" | "details"> & { readonly metadata: ServiceError["metadata"] | null },
  method: string,
): Error {
  const message = error.details === "" ? `agent: ${method} failed` : error.details;
  return errorFromTrailers(
    { status: error.code, message, trailer: (name) => error.metadata?.get(name)[0] },
    error,
  );
}
