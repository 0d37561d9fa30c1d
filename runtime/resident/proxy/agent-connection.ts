import { encodeHello, frameType, RunvError } from "@runv/protocol";
import type { ProxySpec } from "../contract/proxy.ts";
import { dialListeningGuest } from "../guest/dial.ts";
import { interval, remainingMs } from "../linux/wait.ts";
import * as sys from "../sys.ts";
import type { PreservedDescriptor } from "./preserved.ts";

const retryIntervalMs = 20;

export interface ConnectionHandlers {
  onFrame(type: number, payload: Uint8Array): void;
  onDelivered(): void;
  onBroken(reason: string): void;
}

/** What is attached to a process. */
export interface Attachment {
  readonly spec: ProxySpec;
  readonly preserved: readonly PreservedDescriptor[];
}

type Greeting =
  | { readonly kind: "welcome" }
  | { readonly kind: "refused" | "broken"; readonly reason: string };

/**
 * Connects to the agent for one container process and waits until it is welcome. A guest that closes before it has answered is not ready.
 * @throws RunvError "not-found" when the agent refuses, "timeout", "unavailable".
 */
export async function connectAgent(
  { spec, preserved }: Attachment,
  handlers: ConnectionHandlers,
): Promise<sys.ProcessIo> {
  const deadlineMs = sys.monotonicMs() + spec.connectTimeoutMs;
  for (;;) {
    const fd = await dialListeningGuest(spec.vsockSocket, spec.processIoPort, remainingMs(deadlineMs));
    const { io, greeting } = greet(fd, { spec, preserved }, handlers);
    const answer = await answerInTime(greeting, deadlineMs);
    if (answer.kind === "welcome") return io;
    io.close();
    if (answer.kind === "refused")
      throw new RunvError("not-found", `attach to the process: ${answer.reason}`);
    if (remainingMs(deadlineMs) === 0) {
      throw new RunvError(
        "timeout",
        `attach to the process: the agent did not answer within ${spec.connectTimeoutMs} ms`,
      );
    }
    await interval(retryIntervalMs);
  }
}

function greet(
  fd: number,
  { spec, preserved }: Attachment,
  handlers: ConnectionHandlers,
): { io: sys.ProcessIo; greeting: Promise<Greeting> } {
  let settle: (greeting: Greeting) => void = () => undefined;
  const greeting = new Promise<Greeting>((resolve) => {
    settle = resolve;
  });
  let welcome = false;
  const io = sys.processIo(fd, {
    onFrame: (type, payload) => {
      if (welcome) handlers.onFrame(type, payload);
      else if (type === frameType.welcome) {
        welcome = true;
        settle({ kind: "welcome" });
      } else settle({ kind: "refused", reason: refusal(type, payload) });
    },
    onDrained: () => undefined,
    onDelivered: () => handlers.onDelivered(),
    onBroken: (reason) => {
      if (welcome) handlers.onBroken(reason);
      else settle({ kind: "broken", reason });
    },
  });
  for (const { number, access } of preserved)
    io.openStream(number, { sends: access !== "write", receives: access !== "read" });
  io.sendFrame(frameType.hello, sys.utf8Encode(encodeHello(spec, preserved.length)));
  return { io, greeting };
}

function refusal(type: number, payload: Uint8Array): string {
  return type === frameType.refused ? sys.utf8Decode(payload) : `unexpected frame ${type}`;
}

async function answerInTime(greeting: Promise<Greeting>, deadlineMs: number): Promise<Greeting> {
  return new Promise((resolve) => {
    const timer = sys.setTimer(remainingMs(deadlineMs), () =>
      resolve({ kind: "broken", reason: "no answer" }),
    );
    void greeting.then((answer) => {
      sys.clearTimer(timer);
      resolve(answer);
    });
  });
}
