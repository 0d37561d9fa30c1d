/**
 * Waits for works that run at the same time and build on each other: when one fails, those after it fail for that reason, and those
 * before it go on. Returns or throws when all have ended.
 * @param stop ends those that still run after one has failed. @throws what the first of the list that failed did
 */
export async function inSuccession(works: readonly Promise<unknown>[], stop: () => void): Promise<void> {
  const ended = Promise.allSettled(works);
  try {
    for (const work of works) await work;
  } catch (error) {
    stop();
    await ended;
    throw error;
  }
}
