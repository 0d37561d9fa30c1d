export { type DialOptions, dial } from "./dial.ts";
export { VsockError, type VsockErrorCode } from "./error.ts";
