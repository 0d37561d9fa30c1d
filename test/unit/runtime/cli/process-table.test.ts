import { expect, test } from "vitest";
import { processTable } from "../../../../runtime/src/cli/output/process-table.ts";

const now = new Date(2026, 10, 20, 12, 0, 0);
const seconds = (date: Date) => date.getTime() / 1000;

test("the layout of ps -ef", () => {
  const init = { pid: 1, parentPid: 0, uid: 0, tty: "?", command: "sh -c sleep" };
  const table = processTable(
    [
      { ...init, startTimeSeconds: seconds(new Date(2026, 10, 20, 11, 58, 20)), cpuTimeMs: 50_000 },
      {
        ...init,
        pid: 1234567,
        parentPid: 1,
        uid: 1000,
        tty: "pts/0",
        startTimeSeconds: seconds(new Date(2026, 9, 3)),
        cpuTimeMs: 3_661_000,
        command: "top\u001b[2J",
      },
    ],
    now,
  );
  expect(table).toBe(
    [
      "UID   PID      PPID  C   STIME  TTY    TIME      CMD",
      "0     1        0     50  11:58  ?      00:00:50  sh -c sleep",
      "1000  1234567  1     0   Oct03  pts/0  01:01:01  top?[2J",
      "",
    ].join("\n"),
  );
});

test("no process, no line but the header", () => {
  expect(processTable([], now)).toBe("UID  PID  PPID  C  STIME  TTY  TIME  CMD\n");
});
