import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Random } from "../fixtures/grpc/random.ts";
import { eventually, leavesNothing, useRunv } from "../harness/leftovers.ts";
import { type Action, type Status, type Subject, walkLifeCycles } from "../harness/life-cycle-model.ts";
import { text } from "../harness/runv.ts";
import { caseCount } from "../harness/sample.ts";

/** RUNV_FUZZ_SEED repeats a run. */
const seed = Number(process.env["RUNV_FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const deadlineMs = 60 * 60_000;
/** Ends with SIGTERM, and by itself when an exec asks for it. */
const script =
  'trap "exit 5" TERM; trap : USR1; echo ready; while :; do [ -e /exit ] && exit 3; sleep 0.1; done';

const runv = useRunv();

/** The program, with real guests. */
class RealRunv implements Subject {
  async act(action: Action, id: string): Promise<string | null> {
    const { status, stderr } = await this.#run(action, id);
    return status === 0 ? null : stderr;
  }

  async status(id: string): Promise<Status> {
    const { status, stdout } = await runv().run(["state", id]);
    return status === 0 ? statusOf(JSON.parse(stdout)) : null;
  }

  async list(): Promise<Readonly<Record<string, string>>> {
    const listed: unknown = JSON.parse(await runv().ok(["list", "--format", "json"]));
    return Object.fromEntries(
      (Array.isArray(listed) ? listed : []).map((entry: unknown) => [
        text(entry, "id"),
        text(entry, "status"),
      ]),
    );
  }

  async #run(action: Action, id: string) {
    if (action === "create")
      return runv().detached(["create", "--bundle", runv().bundle({ args: ["sh", "-c", script] }), id], id);
    if (action === "exit") return runv().run(["exec", id, "touch", "/exit"]);
    if (action === "exec") return runv().run(["exec", id, "true"]);
    const [verb = "", ...words] = action.split(" ");
    const flags = words.filter((word) => word.startsWith("--"));
    const outcome = await runv().run([verb, ...flags, id, ...words.filter((word) => !flags.includes(word))]);
    if (action === "start" && outcome.status === 0)
      await eventually(() => readFileSync(runv().output(id), "utf8"), "ready\n");
    return outcome;
  }
}

function statusOf(state: unknown): Status {
  const status = text(state, "status");
  return (["created", "running", "paused", "stopped"] as const).find((known) => known === status) ?? null;
}

test(`random steps through the states of real containers, seed ${seed}`, {
  timeout: deadlineMs,
}, async () => {
  const ids = [runv().newId(), runv().newId()];
  const steps = caseCount({ sample: 40, full: 200 });
  const seen = await walkLifeCycles(new RealRunv(), ids, { steps, random: new Random(seed) });
  expect(seen.size).toBeGreaterThan(10);
});

leavesNothing(runv);
