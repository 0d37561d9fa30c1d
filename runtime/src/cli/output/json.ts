import type { OciState } from "../../oci/state-json.ts";

/** runc's layout of `state`: two spaces, and a newline for people. */
export function stateJson(state: OciState): string {
  return `${JSON.stringify(withoutEmptyAnnotations(state), null, 2)}\n`;
}

/** runc's layout of `list --format json`: one line. */
export function statesJson(states: readonly OciState[]): string {
  return `${JSON.stringify(states.map(withoutEmptyAnnotations))}\n`;
}

/** runtime-spec: `annotations` is left out when there are none (runc: types.go, omitempty). */
function withoutEmptyAnnotations(state: OciState): unknown {
  const { annotations, ...rest } = state;
  return Object.keys(annotations).length === 0 ? rest : state;
}
