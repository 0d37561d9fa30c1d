import { Child } from "../container/child.ts";
import { encodeChildMessage, failureOf, runChild } from "../container/child-channel.ts";
import { afterFork, clone, exit, type Fd, write } from "../linux/sys.ts";

/** Work that blocks, done in a child so that the agent goes on. */
export interface Work {
  /** Resolves with what `act` returned. @throws RunvError what it threw */
  readonly done: Promise<Readonly<Record<string, number>>>;
  /** Resolves when the child is gone. */
  readonly ended: Promise<void>;
  /** Ends it where it stands. */
  abandon(): void;
}

/**
 * @param act runs in the child
 * @param afterFailure runs in the child too, after an error of `act` has been told
 */
export function inChild(act: () => Record<string, number>, afterFailure: () => void = () => undefined): Work {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const body = (channel: Fd): never => {
    afterFork();
    return runChild(channel, () => {
      try {
        write(channel, encodeChildMessage({ event: "done", result: act() }));
      } catch (thrown) {
        write(channel, encodeChildMessage(failureOf(thrown)));
        afterFailure();
      }
      return exit(0);
    });
  };
  const child = new Child(
    () => clone(0),
    body,
    () => end(),
  );
  const done = child.report().then(({ result }) => result);
  return { done, ended, abandon: () => child.abandon() };
}
