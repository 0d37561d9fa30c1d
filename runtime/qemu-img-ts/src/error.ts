/** What went wrong: the program is missing, it failed, or it printed what is not its documented output. */
export type QemuImgErrorCode = "not-installed" | "failed" | "unexpected-output";

export class QemuImgError extends Error {
  override readonly name = "QemuImgError";
  readonly code: QemuImgErrorCode;

  constructor(code: QemuImgErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
