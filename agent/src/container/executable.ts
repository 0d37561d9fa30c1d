import { type ErrorCode, RunvError } from "@runv/protocol";
import { errnoOf, reasonOf } from "../linux/errno.ts";
import { S_IFDIR, S_IFMT } from "../linux/open-flags.ts";
import { access, stat } from "../linux/sys.ts";

const X_OK = 1;

/**
 * Finds the program as runc does (Go's exec.LookPath): in the present root and directory, as the present user. The message
 * is the one that callers match.
 * @param path value of PATH; undefined or empty finds nothing without a slash
 */
export function findExecutable(name: string, path: string | undefined): string {
  if (name.includes("/")) {
    const failure = whyNotExecutable(name);
    if (failure !== null) throw failed(name, failure.errno, failure.text);
    return name;
  }
  for (const entry of path === undefined || path === "" || name === "" ? [] : path.split(":")) {
    const directory = entry === "" ? "." : entry;
    const candidate = `${directory}/${name}`;
    if (whyNotExecutable(candidate) !== null) continue;
    if (candidate.startsWith("/")) return candidate;
    throw failed(name, "EACCES", "cannot run executable found relative to current directory");
  }
  throw failed(name, "ENOENT", "executable file not found in $PATH");
}

/** What execve itself said. */
export function execFailure(name: string, thrown: unknown): RunvError {
  return new RunvError(codeOf(errnoOf(thrown) ?? ""), `exec ${name}: ${reasonOf(thrown)}`, { cause: thrown });
}

interface Failure {
  readonly errno: string;
  readonly text: string;
}

function whyNotExecutable(file: string): Failure | null {
  try {
    if ((stat(file).mode & S_IFMT) === S_IFDIR) return { errno: "EISDIR", text: "is a directory" };
  } catch (thrown) {
    return { errno: errnoOf(thrown) ?? "", text: `stat ${file}: ${reasonOf(thrown)}` };
  }
  try {
    access(file, X_OK);
    return null;
  } catch (thrown) {
    return { errno: errnoOf(thrown) ?? "", text: reasonOf(thrown) };
  }
}

function failed(name: string, errno: string, text: string): RunvError {
  return new RunvError(codeOf(errno), `exec: "${name}": ${text}`, { context: { path: name } });
}

function codeOf(errno: string): ErrorCode {
  if (errno === "ENOENT" || errno === "ENOTDIR") return "not-found";
  return errno === "EACCES" || errno === "EPERM" || errno === "EISDIR" ? "permission" : "invalid-argument";
}
