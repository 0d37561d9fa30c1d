import type { ProcessInfo } from "@runv/protocol";

const header = ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"];

/** The layout of `ps -ef` (ps(1)), which runc's table shows. Control characters of the guest's are replaced. */
export function processTable(processes: readonly ProcessInfo[], now: Date): string {
  const rows = processes.map((process) => [
    String(process.uid),
    String(process.pid),
    String(process.parentPid),
    String(cpuPercent(process, now)),
    startText(process.startTimeSeconds, now),
    printable(process.tty),
    cpuText(process.cpuTimeMs),
    printable(process.command),
  ]);
  const all = [header, ...rows];
  const widths = header.map((_name, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) => `${line(row, widths)}\n`).join("");
}

function line(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
    .join("  ");
}

/** Of one processor, over the process's life. */
function cpuPercent(process: ProcessInfo, now: Date): number {
  const lifeMs = now.getTime() - process.startTimeSeconds * 1000;
  return lifeMs <= 0 ? 0 : Math.min(99, Math.floor((100 * process.cpuTimeMs) / lifeMs));
}

function startText(startTimeSeconds: number, now: Date): string {
  const start = new Date(startTimeSeconds * 1000);
  const [, month = "", day = "", , time = ""] = start.toString().split(" ");
  return start.toDateString() === now.toDateString() ? time.slice(0, 5) : `${month}${day}`;
}

function cpuText(cpuTimeMs: number): string {
  const seconds = Math.floor(cpuTimeMs / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e\u00a0-\uffff]/g, "?");
}
