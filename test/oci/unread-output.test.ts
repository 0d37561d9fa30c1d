import { closeSync, constants, openSync } from "node:fs";
import { Socket } from "node:net";
import { expect } from "vitest";
import type { Bed } from "./harness/bed.ts";
import { runProgram } from "./harness/run-program.ts";
import { ociSuite } from "./harness/suite.ts";

ociSuite("output that nobody reads", ({ each }) => {
  const outputs = [
    { name: "stdout", number: 1 },
    { name: "a preserved pipe", number: 3 },
  ];

  /** A container that runs, with a FIFO that somebody holds open for reading as one of its outputs. @returns its id. */
  async function startUnread(
    bed: Bed,
    number: number,
    script: string,
  ): Promise<{ id: string; reader: number }> {
    await runProgram(["mkfifo", bed.path("fifo")]);
    const reader = openSync(bed.path("fifo"), constants.O_RDONLY | constants.O_NONBLOCK);
    const id = bed.newId();
    const bundle = bed.bundle((config) => (config.process.args = ["sh", "-c", script]));
    const run = bed.argv("run", "--detach", "--preserve-fds", "1", "--bundle", bundle, id);
    const shell = `exec 3>/dev/null >/dev/null 2>&1 ${number}>"$0"; exec "$@"`;
    expect((await runProgram(["sh", "-c", shell, bed.path("fifo"), ...run])).status).toBe(0);
    return { id, reader };
  }

  /** Waits until its writes, which it counts, do not get on. */
  async function hasStopped(bed: Bed, id: string): Promise<void> {
    let before = "";
    await expect
      .poll(
        async () => {
          const { status, stdout, stderr } = await bed.verb(["exec", id, "wc", "-c", "/dev/shm/writes"]);
          if (stderr.includes("No such file")) return false;
          const [present, past] = [`${status} ${stdout}`, before];
          before = present;
          return present === past;
        },
        { interval: 500 },
      )
      .toBe(true);
  }

  const writeBytes = 4096;
  const write = `dd if=/dev/zero bs=${writeBytes} count=1 2>/dev/null`;
  const writes = 90;
  const someWrites = `while [ $(wc -c </dev/shm/writes) -lt ${writes} ] &&`;
  const scripts = [
    { end: "SIGKILL ends the container of a process that writes on", more: "while", options: [] },
    { end: "SIGKILL ends the container of one that has ended", more: someWrites, options: [] },
    { end: "SIGKILL to all ends it, too", more: someWrites, options: ["--all"] },
  ];
  const scriptOf = (more: string, number: number): string =>
    `: >/dev/shm/writes; ${more} ${write} >&${number}; do printf . >>/dev/shm/writes; done`;
  const cases = outputs.flatMap((output) => scripts.map((script) => ({ ...output, ...script })));

  each(
    cases,
    ({ name, end }) => `${name}: ${end}`,
    async (bed, { number, more, options }) => {
      const { id, reader } = await startUnread(bed, number, scriptOf(more, number));
      await hasStopped(bed, id);
      await bed.must("kill", ...options, id, "KILL");
      await expect.poll(async () => bed.statusOf(id)).toBe("stopped");
      closeSync(reader);
    },
  );

  each(
    outputs,
    ({ name }) => `${name}: SIGCONT and SIGWINCH leave it to a reader that comes late`,
    async (bed, { number }) => {
      const { id, reader } = await startUnread(bed, number, scriptOf(someWrites, number));
      await hasStopped(bed, id);
      const { pid } = await bed.state(id);
      for (const signal of ["SIGCONT", "SIGWINCH"] as const) {
        await bed.must("kill", id, signal);
        process.kill(pid, signal);
      }
      expect(await bytesOf(reader)).toBe(writes * writeBytes);
    },
  );
});

/** Until its last writer has closed it. */
async function bytesOf(reader: number): Promise<number> {
  let bytes = 0;
  for await (const chunk of new Socket({ fd: reader, writable: false })) bytes += (chunk as Buffer).length;
  return bytes;
}
