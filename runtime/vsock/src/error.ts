/** Nobody listens on the socket or the port; no answer in time; cancelled; an answer that is not the protocol's. */
export type VsockErrorCode = "refused" | "timeout" | "cancelled" | "protocol";

export class VsockError extends Error {
  override readonly name = "VsockError";
  readonly code: VsockErrorCode;

  constructor(code: VsockErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
