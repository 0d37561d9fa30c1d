import { type Process, RunvError } from "@runv/protocol";
import {
  applyCapabilities,
  CAP_SYS_ADMIN,
  type CapabilitySets,
  keepCapabilities,
  limitBoundingSet,
  parseCapabilities,
  replaceSets,
  withCapability,
} from "../linux/capabilities.ts";
import { errnoOf, reasonOf, step, tolerate } from "../linux/errno.ts";
import { homeInPasswd } from "../linux/passwd.ts";
import { makeDirectories } from "../linux/paths.ts";
import { applyRlimits } from "../linux/rlimits.ts";
import { containerFilter, ioUringMakesSockets } from "../linux/seccomp.ts";
import type { SeccompFilter } from "../linux/seccomp-profile.ts";
import {
  chdir,
  fchown,
  fstat,
  joinSessionKeyring,
  prctl,
  readFile,
  seccompFilter,
  setgroups,
  setresgid,
  setresuid,
  umask,
  uname,
} from "../linux/sys.ts";

const PR_SET_NO_NEW_PRIVS = 38;
const defaultUmask = 0o022;
const maxPasswdBytes = 1 << 20;

/**
 * From root of the agent's making to the user that config.json names, in runc's order. Everything that needs privilege
 * comes before `setresuid`.
 * @param filtered a profile is still to come: what `filterWithRights` needs for it is kept
 * @returns the capabilities that the program is to have
 */
export function becomeUser(process: Process, allowVsock: boolean, filtered: boolean): CapabilitySets {
  applyRlimits(process.rlimits);
  // A kernel can lack keyrings.
  step("join a session keyring of its own", () => tolerate(["ENOSYS"], joinSessionKeyring));
  ownStdio(process.uid);
  if (process.noNewPrivileges) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const filter = containerFilter({ allowVsock, ringsMakeSockets: ioUringMakesSockets(uname().release) });
  step("filter system calls", () => seccompFilter(filter));
  const capabilities = parseCapabilities(process.capabilities);
  limitBoundingSet(capabilities.bounding);
  const entered = enterDirectory(process.cwd);
  keepCapabilities(true);
  step("set groups", () => setgroups(process.additionalGids));
  step(`set gid ${process.gid}`, () => setresgid(process.gid));
  step(`set uid ${process.uid}`, () => setresuid(process.uid));
  keepCapabilities(false);
  // A directory that root may not enter (a share, say) may be the user's own.
  if (!entered && !enterDirectory(process.cwd)) throw cwdError(process.cwd, "permission denied");
  const mayFilter = process.noNewPrivileges || !filtered;
  applyCapabilities(mayFilter ? capabilities : withCapability(capabilities, CAP_SYS_ADMIN));
  umask(process.umask ?? defaultUmask);
  return capabilities;
}

/**
 * Loads a container's profile and gives up what only that needed, where a process with just its program's capabilities could not load
 * it: the program then waits for its start with no more than its own, out of reach of whoever may trace it. Anywhere else the profile is
 * left to the last moment, so that it need not allow what the agent does until then.
 * @returns the filter that is still to be loaded, with execve(2); null: it is loaded
 */
export function filterWithRights(
  filter: SeccompFilter,
  process: Process,
  capabilities: CapabilitySets,
): SeccompFilter | null {
  if (process.noNewPrivileges || capabilities.effective.includes(CAP_SYS_ADMIN)) return filter;
  step("load the seccomp profile", () => seccompFilter(filter.program, filter.flags));
  step("set capabilities under the seccomp profile", () => replaceSets(capabilities));
  return null;
}

/** Makes the working directory where the image has none, as runc does, still as root. */
export function makeWorkingDirectory(path: string): void {
  step(`make cwd ${path}`, () => makeDirectories(path));
}

/** The environment of the program: as asked for, with HOME where it lacks one. */
export function environmentOf(process: Process): readonly string[] {
  const home = lookUp(process.env, "HOME");
  return home === undefined || home === ""
    ? [...process.env.filter((entry) => !entry.startsWith("HOME=")), `HOME=${homeOf(process.uid)}`]
    : process.env;
}

/** As the present root's /etc/passwd says; "/" when there is none that can be read. */
function homeOf(uid: number): string {
  try {
    return homeInPasswd(readFile("/etc/passwd", maxPasswdBytes), uid);
  } catch (thrown) {
    if (errnoOf(thrown) === null) throw thrown;
    return "/";
  }
}

/** The value of a variable; the last one counts, as in a shell. */
export function lookUp(env: readonly string[], name: string): string | undefined {
  return env.findLast((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** @returns false when the kernel does not let us in */
function enterDirectory(path: string): boolean {
  try {
    chdir(path);
    return true;
  } catch (thrown) {
    const errno = errnoOf(thrown);
    if (errno === "EACCES" || errno === "EPERM") return false;
    throw cwdError(path, reasonOf(thrown));
  }
}

function cwdError(path: string, why: string): RunvError {
  return new RunvError("permission", `chdir to cwd ("${path}") set in config.json failed: ${why}`);
}

/** /dev/stdout and its like are opened anew by programs: pipes and terminal belong to the user. */
function ownStdio(uid: number): void {
  for (const fd of [0, 1, 2]) {
    const { gid, uid: owner } = fstat(fd);
    if (owner !== uid) fchown(fd, uid, gid);
  }
}
