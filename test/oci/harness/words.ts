/** How a runtime words what its callers read. */
export interface Words {
  readonly unknownContainer: RegExp;
  readonly sameName: RegExp;
  readonly badName: RegExp;
  readonly secondStart: RegExp;
  readonly startOfStopped: RegExp;
  readonly deleteOfRunning: RegExp;
  readonly execInStopped: RegExp;
  readonly killOfStopped: RegExp;
  readonly notInPath: RegExp;
  readonly noSuchFile: RegExp;
  readonly notExecutable: RegExp;
  readonly directory: RegExp;
  readonly specExists: RegExp;
  readonly listHeader: RegExp;
  readonly pauseOfPaused: RegExp;
  readonly resumeOfRunning: RegExp;
  readonly startOfPaused: RegExp;
  readonly deleteOfPaused: RegExp;
  readonly execInPaused: RegExp;
  readonly updateOfStopped: RegExp;
  readonly terminalWithoutSocket: RegExp;
  readonly socketWithoutTerminal: RegExp;
  readonly noSystemd: RegExp;
}

/** runc's, which callers match, and so runv's. */
export const runcWords: Words = {
  unknownContainer: /does not exist/,
  sameName: /container with given ID already exists/,
  badName: /invalid container ID format/,
  secondStart: /cannot start an already running container/,
  startOfStopped: /cannot start a container that has stopped/,
  deleteOfRunning: /cannot delete container .* that is not stopped: running/,
  execInStopped: /cannot exec in a stopped container/,
  killOfStopped: /container not running/,
  notInPath: /executable file not found in \$PATH/,
  noSuchFile: /no such file or directory/,
  notExecutable: /permission denied/,
  directory: /is a directory|permission denied/,
  specExists: /File config.json exists/,
  pauseOfPaused: /container not running/,
  resumeOfRunning: /container not paused/,
  startOfPaused: /cannot start a container in the paused state/,
  deleteOfPaused: /cannot delete container .* that is not stopped: paused/,
  execInPaused: /cannot exec in a paused container \(use --ignore-paused to override\)/,
  updateOfStopped: /container not running/,
  listHeader: /^ID +PID +STATUS +BUNDLE +CREATED +OWNER$/,
  terminalWithoutSocket: /cannot allocate tty if run[cv] will detach without setting console socket/,
  socketWithoutTerminal: /cannot use console socket if run[cv] will not detach or allocate tty/,
  noSystemd: /systemd not running on this host, cannot use systemd cgroups manager/,
};

export const crunWords: Words = {
  unknownContainer: /(error opening file `.*\/status`|cannot open directory `.*`): No such file or directory/,
  sameName: /container `.*` already exists/,
  badName: /invalid character `.*` in the ID/,
  secondStart: /cannot open `.*exec\.fifo`: No such file or directory/,
  startOfStopped: /container `.*` is not running/,
  deleteOfRunning: /is not in `created` or `stopped` state/,
  execInStopped: /the container `.*` is not running/,
  killOfStopped: /kill container: No such process/,
  notInPath: /executable file `.*` not found in \$PATH/,
  noSuchFile: /executable file `.*` not found: No such file or directory/,
  notExecutable: /exists but it is not executable/,
  directory: /is not a regular file/,
  specExists: /`config.json` already exists/,
  pauseOfPaused: /no such error/,
  resumeOfRunning: /no such error/,
  startOfPaused: /cannot open `.*exec\.fifo`: No such file or directory/,
  deleteOfPaused: /is not in `created` or `stopped` state/,
  execInPaused: /the container `.*` is paused/,
  updateOfStopped: /.*/,
  listHeader: /^NAME +PID +STATUS +BUNDLE PATH +CREATED +OWNER$/,
  terminalWithoutSocket: /use --console-socket with create when a terminal is used/,
  socketWithoutTerminal: /no such error/,
  noSystemd: /cannot open sd-bus/,
};
