/** What config.json's limits, which are version 1's, are in version 2 cgroups: the same in the guest and on the host. */

/** The kernel's own, for a quota without a period (Documentation/admin-guide/cgroup-v2.rst, cpu.max). */
export const defaultCpuPeriodUs = 100_000;
/** Bounds of shares in version 1 cgroups. */
const shares = { least: 2, most: 262_144 };
/** The result of a power is not exact: 1,024 shares are 100 and no more. */
const rounding = 1e-9;
/** Ends of the weights that config.json knows (those of bfq, too), and of io.weight. */
const blockIo = { least: 10, most: 1000 };
const io = { least: 1, most: 10_000 };

/**
 * The cpu.weight that stands for shares. The smallest, the default and the largest of both are each other's, with a quadratic function
 * between their logarithms: runc's since 1.4, which older ones map by a straight line that makes 39 of the default.
 */
export function cpuWeight(cpuShares: number): number {
  const log = Math.log2(Math.min(Math.max(cpuShares, shares.least), shares.most));
  const exponent = (log * log + 125 * log) / 612 - 7 / 34;
  return Math.ceil(10 ** exponent - rounding);
}

/** The io.weight that stands for a weight of block I/O: from 10 … 1,000 to 1 … 10,000, as runc does it. */
export function ioWeight(weight: number): number {
  const range = blockIo.most - blockIo.least;
  return io.least + Math.floor(((weight - blockIo.least) * (io.most - io.least)) / range);
}
