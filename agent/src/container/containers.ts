import { RunvError } from "@runv/protocol";
import type { Container } from "./container.ts";
import type { GuestProcess } from "./process.ts";

/** A VM is a pod: more containers than any pod has, and far fewer than would hurt. */
const maxContainers = 256;

/** All containers of this guest by id; one that is being made holds its place with null. */
export class Containers {
  readonly #byId = new Map<string, Container | null>();

  /** Takes the id for a container that `make` sets up; gives it back when that fails. */
  async add(id: string, make: () => Promise<Container>): Promise<Container> {
    if (this.#byId.has(id)) throw new RunvError("already-exists", `container ${id} exists`);
    if (this.#byId.size >= maxContainers)
      throw new RunvError("resource-exhausted", `container ${id}: the guest has ${maxContainers} containers`);
    this.#byId.set(id, null);
    try {
      const container = await make();
      this.#byId.set(id, container);
      return container;
    } catch (thrown) {
      this.#byId.delete(id);
      throw thrown;
    }
  }

  get(id: string): Container {
    const container = this.find(id);
    if (container === null) throw new RunvError("not-found", `container ${id} does not exist`);
    return container;
  }

  /** Also while it is being made. */
  has(id: string): boolean {
    return this.#byId.has(id);
  }

  find(id: string): Container | null {
    return this.#byId.get(id) ?? null;
  }

  /** Init for an empty process id. */
  findProcess(id: string, processId: string): GuestProcess | null {
    return this.find(id)?.process(processId) ?? null;
  }

  remove(id: string): void {
    this.#byId.delete(id);
  }

  all(): Container[] {
    return [...this.#byId.values()].filter((container) => container !== null);
  }
}
