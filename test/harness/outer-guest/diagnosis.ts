import type { ChildProcess } from "node:child_process";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** The character device that is the machine's console. */
export const consoleName = "console";

/** How long the machine has for the answer to one question. */
const answerMs = 2000;
/**
 * SysRq on the serial console: print everything; what each processor does; which tasks are blocked.
 * Linux, Documentation/admin-guide/sysrq.rst.
 */
const kernelQuestions = ["9", "l", "w"];
/** Twice: one that spins moves, one that hangs does not. */
const emulatorQuestions = ["info status", "info registers", "info registers"];

/**
 * Asks a machine that hangs where: its kernel, which answers on the console if it still lives, and its emulator.
 * @param monitorSocket QEMU's human monitor
 * @returns what the emulator says of state and instruction pointer, in a line
 */
export async function diagnose(machine: ChildProcess, monitorSocket: string): Promise<string> {
  const answers: string[] = [];
  const monitor = connect(monitorSocket);
  monitor.on("error", (error) => answers.push(error.message));
  monitor.setEncoding("latin1").on("data", (text: string) => answers.push(text));
  for (const key of kernelQuestions) {
    monitor.write(`chardev-send-break ${consoleName}\n`);
    await delay(answerMs);
    machine.stdin?.write(key);
    await delay(answerMs);
  }
  for (const question of emulatorQuestions) {
    monitor.write(`${question}\n`);
    await delay(answerMs);
  }
  monitor.destroy();
  const [...states] = answers.join("").matchAll(/VM status: \w+|RIP=\w+|HLT=\d/g);
  return states.length > 0 ? states.map(([state]) => state).join(" ") : "its emulator does not answer";
}
