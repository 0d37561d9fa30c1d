import { reboot } from "./sys.ts";

/** LINUX_REBOOT_CMD_RESTART (linux/reboot.h). */
const restart = 0x01234567;

/** Ends the VM at once: the VMM is told not to start it again, and nothing in it is worth saving. */
export function endMachine(): void {
  reboot(restart);
}
