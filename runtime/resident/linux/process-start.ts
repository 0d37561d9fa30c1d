import * as sys from "../sys.ts";

const maxStatBytes = 4096;
/** Counted from the field behind the name: proc(5), starttime is the 22nd of all. */
const startTimeIndex = 19;

/** When a process started, in clock ticks since the host's boot: with its pid this names it for good. NaN for what is no process. */
export function startTicksOf(pid: number): number {
  const stat = sys.readFile(`/proc/${pid}/stat`, maxStatBytes);
  // The name in parentheses may hold anything, parentheses too.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[startTimeIndex]);
}
