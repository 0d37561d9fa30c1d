import type { Logger } from "../shared/log.ts";

/** What every transition works with. */
export interface Context {
  /** Directory of the containers' state, absolute. */
  readonly root: string;
  readonly log: Logger;
  /** Aborts when the verb is asked to end. */
  readonly signal: AbortSignal;
}
