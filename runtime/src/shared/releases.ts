import { errorMessage } from "@runv/protocol/errors";

/** What gives back one acquired thing. */
export type Release = () => void | Promise<void>;

/** Something that could not be given back; reported beside the first error, never in place of it. */
export interface ReleaseFailure {
  readonly what: string;
  readonly error: unknown;
}

/**
 * Acquired things, each registered in the line after its acquisition, given back in reverse order.
 *
 *     const releases = new Releases();
 *     const socket = listen(path);
 *     releases.add(`socket ${path}`, () => socket.close());
 */
export class Releases {
  readonly #entries: { readonly what: string; readonly release: Release }[] = [];

  add(what: string, release: Release): void {
    this.#entries.push({ what, release });
  }

  /** Hands the things over to somebody else: nothing registered so far is released any more. */
  keep(): void {
    this.#entries.length = 0;
  }

  /** Releases everything, last first; a failure does not stop the rest. */
  async release(): Promise<readonly ReleaseFailure[]> {
    const failures: ReleaseFailure[] = [];
    for (let entry = this.#entries.pop(); entry !== undefined; entry = this.#entries.pop()) {
      try {
        await entry.release();
      } catch (error) {
        failures.push({ what: entry.what, error });
      }
    }
    return failures;
  }
}

/** Runs `work`; whatever its end, everything it registered is released. @param report takes what could not be. */
export async function releasing<T>(
  report: (sentence: string) => void,
  work: (releases: Releases) => Promise<T>,
): Promise<T> {
  const releases = new Releases();
  try {
    return await work(releases);
  } finally {
    for (const failure of await releases.release()) report(releaseFailureMessage(failure));
  }
}

/** Runs `work`; what it registered is released only if it fails. @param report takes what could not be. */
export async function rollingBack<T>(
  report: (sentence: string) => void,
  work: (releases: Releases) => Promise<T>,
): Promise<T> {
  return releasing(report, async (releases) => {
    const result = await work(releases);
    releases.keep();
    return result;
  });
}

function releaseFailureMessage(failure: ReleaseFailure): string {
  return `not released: ${failure.what}: ${errorMessage(failure.error)}`;
}
