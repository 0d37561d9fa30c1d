import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { eventually } from "./leftovers.ts";

/** The outer end of a terminal, as a terminal emulator or a caller of the runtime holds it: test/fixtures/host/terminal-host. */
export class Terminal {
  readonly #host: ChildProcessByStdio<Writable, Readable, null>;
  readonly #events: Map<string, unknown>[] = [];
  #output = "";

  private constructor(program: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#host = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"], env });
    let text = "";
    this.#host.stdout.setEncoding("utf8").on("data", (more: string) => {
      text += more;
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) this.#take(JSON.parse(line) as object);
    });
  }

  /** Runs a command line on a terminal of 24 rows and 80 columns. */
  static spawn(program: string, argv: readonly string[], env: NodeJS.ProcessEnv): Terminal {
    return new Terminal(program, ["spawn", ...argv], env);
  }

  /** Listens on a socket for the terminal of a container. */
  static async receive(program: string, socket: string): Promise<Terminal> {
    const terminal = new Terminal(program, ["receive", socket], {});
    await eventually(() => terminal.event("listening"), socket);
    return terminal;
  }

  /** The last event of this name; undefined when there was none. */
  event(name: string): unknown {
    return this.#events.findLast((event) => event.has(name))?.get(name);
  }

  type(text: string): void {
    this.#send({ write: text });
  }

  resize(rows: number, columns: number): void {
    this.#send({ resize: [rows, columns] });
  }

  /** The settings of tcgetattr(3), as bytes in hexadecimal. */
  async settings(): Promise<string> {
    const before = this.#events.length;
    this.#send({ settings: true });
    const answer = () => this.#events.slice(before).find((event) => event.has("settings"));
    await eventually(() => answer() !== undefined, true);
    return String(answer()?.get("settings"));
  }

  /** Waits until `pattern` has come out of the terminal since the last wait; what was before it is forgotten. */
  async expect(pattern: RegExp): Promise<void> {
    await eventually(() => (pattern.test(this.#output) ? "seen" : this.#output), "seen");
    this.#output = this.#output.slice(this.#output.search(pattern)).replace(pattern, "");
  }

  close(): void {
    this.#host.kill("SIGKILL");
  }

  #take(event: object): void {
    const map = new Map<string, unknown>(Object.entries(event));
    this.#events.push(map);
    if (map.has("output")) this.#output += String(map.get("output"));
  }

  #send(command: object): void {
    this.#host.stdin.write(`${JSON.stringify(command)}\n`);
  }
}
