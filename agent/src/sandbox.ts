import { type ConfigureRequest, protocolVersion, RunvError } from "@runv/protocol";
import { Containers } from "./container/containers.ts";
import { isWatched } from "./container/oom-watch.ts";
import type { Cgroups } from "./linux/cgroups/cgroup.ts";
import { mountCgroups } from "./linux/cgroups/guest-cgroups.ts";
import { endMachine } from "./linux/power.ts";
import { setTimer } from "./linux/sys.ts";
import { mountScratch } from "./storage/scratch.ts";
import { mountShare } from "./storage/share.ts";

/** What those who watch a container are told of its end is on its way then. */
const farewellMs = 200;

/** This guest: how the host wants it, and what runs in it. */
export class Sandbox {
  readonly containers = new Containers();
  #state: "new" | "configuring" | "ready" = "new";
  #powerOffWithInit = false;
  #cgroups: Cgroups | null = null;
  allowVsock = false;

  /** Takes the host's wishes, once. */
  async configure(request: ConfigureRequest): Promise<void> {
    if (request.protocolVersion !== protocolVersion)
      throw new RunvError(
        "version-mismatch",
        `the agent speaks protocol version ${protocolVersion}, the host ${request.protocolVersion}: use a guest of the same version of runv`,
      );
    if (this.#state !== "new") throw new RunvError("invalid-state", "the sandbox is configured already");
    this.#state = "configuring";
    try {
      await mountScratch(request.scratch);
      mountShare(request.share);
      this.#cgroups = mountCgroups(request.cgroupVersion);
    } catch (thrown) {
      this.#state = "new";
      throw thrown;
    }
    this.#powerOffWithInit = request.powerOffWithInit;
    this.allowVsock = request.allowVsock;
    this.#state = "ready";
  }

  /** @throws RunvError "invalid-state" before Configure */
  requireReady(): Cgroups {
    if (this.#state !== "ready" || this.#cgroups === null)
      throw new RunvError("invalid-state", "the sandbox is not configured yet");
    return this.#cgroups;
  }

  /** From here on the host itself ends the VM: what it takes down must not do so before the host has its answer. */
  leavePowerToHost(): void {
    this.#powerOffWithInit = false;
  }

  /** A container's init has ended and the host knows. */
  initFinished(): void {
    if (!this.#powerOffWithInit) return;
    if (isWatched()) setTimer(farewellMs, endMachine);
    else endMachine();
  }
}
