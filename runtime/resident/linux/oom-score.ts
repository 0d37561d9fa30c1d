import { errorMessage } from "@runv/protocol";
import * as sys from "../sys.ts";

/**
 * Sets the caller's, and with it that of all that it starts from now on. Lowering it takes CAP_SYS_RESOURCE, which root need not have.
 * @returns a sentence for the user when it stays as it was
 */
export function setOomScoreAdj(value: number): string | null {
  try {
    sys.writeFile("/proc/self/oom_score_adj", String(value));
    return null;
  } catch (thrown) {
    return `oom_score_adj of the virtual machine: cannot be set to ${value}: ${errorMessage(thrown)}`;
  }
}
