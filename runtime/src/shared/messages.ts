/**
 * Texts that callers search for in our errors: part of the interface, never to be reworded.
 *
 * containerd: pkg/process/utils.go (checkKillError), pkg/process/init.go (delete).
 * moby: daemon/errors.go (translateContainerdStartErr). podman: libpod/oci_util.go (getOCIRuntimeError).
 * CRI-O: internal/oci/runtime_oci.go.
 */
export const messages = {
  /** containerd and CRI-O: kill of an ended container is "not found". */
  containerNotRunning: "container not running",
  /** containerd: as above. */
  processFinished: "os: process already finished",
  /** containerd and CRI-O: kill of a process that is gone. */
  noSuchProcess: "no such process",
  /** containerd: `delete` ignores it, `kill` makes it "not found". */
  containerDoesNotExist: "container does not exist",
  /** runc: libcontainer/error.go (ErrExist). */
  containerExists: "container with given ID already exists",
  /** moby: exit status 127. podman: ErrOCIRuntimeNotFound. */
  executableNotFound: "executable file not found in $PATH",
  /** moby: exit status 127. podman: ErrOCIRuntimeNotFound. */
  noSuchFile: "no such file or directory",
  /** moby: exit status 126. podman: ErrOCIRuntimePermissionDenied. */
  permissionDenied: "permission denied",
  /** runc: start.go, for a second `start`. */
  startRunning: "cannot start an already running container",
  /** runc: start.go. */
  startStopped: "cannot start a container that has stopped",
  /** runc: libcontainer/error.go (ErrNotPaused). */
  containerNotPaused: "container not paused",
  /** runc: exec.go. */
  execPaused: "cannot exec in a paused container (use --ignore-paused to override)",
  /** runc: exec.go. */
  execStopped: "cannot exec in a stopped container",
} as const;
