/** signal(7), for x86 and arm. */
export const signal = {
  hangUp: 1,
  interrupt: 2,
  kill: 9,
  pipe: 13,
  terminate: 15,
  child: 17,
  continue: 18,
  stop: 19,
  terminalInput: 21,
  terminalOutput: 22,
  urgent: 23,
  windowChange: 28,
} as const;

const highestSignal = 64;
/** The two that the C library keeps for itself. */
const reservedByLibc: readonly number[] = [32, 33];
/** The kernel's answer to a fault of this very process: blocking them would only hide it. */
const faults: readonly number[] = [4, 5, 7, 8, 11];

/** Every signal that can be caught, but for faults and `except`. */
export function catchableSignals(except: readonly number[]): number[] {
  const excluded = new Set([signal.kill, signal.stop, ...reservedByLibc, ...faults, ...except]);
  const all = Array.from({ length: highestSignal }, (_, index) => index + 1);
  return all.filter((number) => !excluded.has(number));
}
