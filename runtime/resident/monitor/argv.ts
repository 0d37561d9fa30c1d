import { RunvError } from "@runv/protocol";

export interface ArgvValues {
  readonly fds: ReadonlyMap<string, number>;
  readonly cid: number;
  readonly tscKhz: number;
}

const placeholder = /\{(?:fd:([A-Za-z0-9_-]+)|(cid)|(tscKhz))\}/g;

/** Puts numbers in the place of `{fd:NAME}`, `{cid}` and `{tscKhz}`; other braces stay. */
export function fillArgv(argv: readonly string[], values: ArgvValues): string[] {
  return argv.map((argument) =>
    argument.replace(placeholder, (_match, name: string | undefined, cid: string | undefined) => {
      if (name === undefined) return String(cid === undefined ? values.tscKhz : values.cid);
      const fd = values.fds.get(name);
      if (fd === undefined) throw new RunvError("internal", `argv: no descriptor has the name ${name}`);
      return String(fd);
    }),
  );
}
