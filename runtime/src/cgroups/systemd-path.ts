import { RunvError } from "@runv/protocol/errors";

const defaultSlice = "system.slice";
/** As runc's is its own name. */
const defaultPrefix = "runv";
const rootSlice = "-.slice";
const pathForm = /^[^/:]*:[^/:]*:[^/:]+$/;
/** systemd.unit(5): what a name may hold, and how long it may be. */
const unitForm = /^[\w.:\\@-]+$/;
const maxUnitNameBytes = 255;

/** Where systemd is asked to place a container. */
export interface ScopeName {
  /** With its suffix. */
  readonly unit: string;
  readonly slice: string;
  /** Of the cgroup, below that of systemd itself. */
  readonly path: string;
}

/**
 * @param cgroupsPath `linux.cgroupsPath` in the form "slice:prefix:name"; empty: named after the container
 * @throws RunvError "invalid-argument", in runc's words for another form
 */
export function scopeName(cgroupsPath: string, id: string): ScopeName {
  const path = cgroupsPath === "" ? `:${defaultPrefix}:${id}` : cgroupsPath;
  if (!pathForm.test(path))
    fail(
      `expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, got ${JSON.stringify(path)} instead`,
    );
  const [slice = "", prefix = "", name = ""] = path.split(":");
  // runc asks systemd for it, which does not put processes into slices.
  if (name.endsWith(".slice")) fail(`a slice holds no processes, and ${name} would be one: name a scope`);
  const unit = `${prefix}-${name}.scope`;
  if (!unitForm.test(unit) || unit.length > maxUnitNameBytes)
    fail(`${JSON.stringify(unit)} cannot be the name of a unit of systemd`);
  const parent = slice === "" ? defaultSlice : slice;
  return { unit, slice: parent, path: [...sliceLevels(parent), unit].join("/") };
}

/** The slices from the outermost on: "a-b.slice" is in "a.slice" (systemd.slice(5)). */
function sliceLevels(slice: string): string[] {
  if (slice === rootSlice) return [];
  const words = slice.endsWith(".slice") ? slice.slice(0, -".slice".length).split("-") : [""];
  if (words.includes("") || !unitForm.test(slice)) fail(`invalid slice name: ${slice}`);
  return words.map((_word, index) => `${words.slice(0, index + 1).join("-")}.slice`);
}

function fail(problem: string): never {
  throw new RunvError("invalid-argument", `config.json: linux.cgroupsPath: ${problem}`);
}
