import { existsSync } from "node:fs";
import path from "node:path";
import { crunCommand } from "./crun.ts";
import { crunWords, runcWords, type Words } from "./words.ts";

/** What not every runtime has: a test names what it needs. */
export type Need =
  | "additional-gids"
  | "cgroup-limits"
  | "cgroup2-limits"
  | "checked-mappings"
  | "checked-names"
  | "checked-preserved"
  | "checked-rlimits"
  | "checked-schedulers"
  | "checked-terminal-flags"
  | "counted-preserved"
  | "domainname"
  | "events"
  | "exec-affinity"
  | "exec-caps"
  | "exec-owns-streams"
  | "exec-personality"
  | "exec-user"
  | "fifo-devices"
  | "foreground-lets-go"
  | "gives-up-hooks"
  | "guest-cgroups"
  | "guest-pid-in-state"
  | "ignore-paused"
  | "ignores-labels"
  | "io-priority"
  | "is-a-machine"
  | "kills-hook-sessions"
  | "later-option-counts"
  | "lower-case-signals"
  | "mapped-mounts"
  | "mounts-inside"
  | "new-syscalls-enosys"
  | "no-args"
  | "no-checkpoints"
  | "nosymfollow"
  | "own-pid-namespace"
  | "pause-of-created"
  | "personality"
  | "poststart-at-start"
  | "poststart-failure"
  | "poststop-after-failed-create"
  | "propagation-of-new-mounts"
  | "ps-table"
  | "quotes-hooks"
  | "raised-rlimits"
  | "real-time-schedulers"
  | "recursive-time-options"
  | "refuses-pause"
  | "refuses-unsupported"
  | "relative-cwd-refused"
  | "rootfs-propagation"
  | "schedulers"
  | "seccomp-flags"
  | "seccomp-with-execve"
  | "seccomp-words-named"
  | "socket-activation"
  | "start-reports-hooks"
  | "strict-exec-flags"
  | "sysctls-with-slashes"
  | "terminal-size"
  | "time-namespace"
  | "tolerates-poststop"
  | "tun"
  | "vm-section"
  | "warns-of-capabilities";

/** A runtime that the suite drives as a black box. */
export interface RuntimeUnderTest {
  readonly name: string;
  /** Program and what stands before its global options. */
  readonly command: readonly [string, ...string[]];
  readonly words: Words;
  /** Exit statuses of verbs that find no container to work on, where it is not 1. */
  readonly failureStatuses: Readonly<Record<string, number>>;
  /** Why a need is not met: its tests are skipped with this reason. */
  readonly lacks: Readonly<Partial<Record<Need, string>>>;
  /** Only the first test of each behaviour, unless all cases are asked for. */
  readonly isSampled: boolean;
}

const repository = path.resolve(import.meta.dirname, "../../..");
const own = { words: runcWords, failureStatuses: { exec: 255 }, lacks: {}, isSampled: false };
/** What a runtime that shares the host's kernel does by what the host has. */
const hostsOwn = {
  "foreground-lets-go": "the verb keeps what it preserves until the process has ended",
  "raised-rlimits": "hard limits can be raised with CAP_SYS_RESOURCE only, which root need not have here",
  "ignores-labels": "the host's own security modules decide",
  "is-a-machine": "the host's hardware is the container's",
  "no-checkpoints": "there are checkpoints",
  "guest-cgroups": "the host's cgroups need not be of version 2",
} as const;
const isUnified = existsSync("/sys/fs/cgroup/cgroup.controllers");
const noVersionTwo = isUnified ? {} : { "cgroup2-limits": "this host's cgroups are of version 1" };
const noControllers = isUnified
  ? {}
  : Object.fromEntries(
      ["cgroup-limits", "cgroup2-limits"].map((need) => [
        need,
        "no controller is in the host's version 2 cgroups",
      ]),
    );
const runcLacks = {
  nosymfollow: "runc 1.1 does not know nosymfollow",
  "rootfs-propagation":
    "runc gives this propagation to what its own root is mounted on, not to the container's root",
  "checked-mappings": "runc ignores mappings without a user namespace",
  ...noVersionTwo,
  "vm-section": "runc runs no virtual machines",
  schedulers: "runc 1.1 knows no process.scheduler",
  "real-time-schedulers": "runc 1.1 knows no process.scheduler",
  "checked-schedulers": "runc 1.1 knows neither process.scheduler nor process.ioPriority",
  "io-priority": "runc 1.1 knows no process.ioPriority",
  "exec-affinity": "runc 1.1 knows no process.execCPUAffinity",
  personality: "runc 1.1 knows no linux.personality",
  "exec-personality": "runc 1.1 knows no linux.personality",
  domainname: "runc 1.1 knows no domainname",
  "checked-preserved": "runc takes its own runtime's descriptor for one that the caller has not opened",
  "checked-rlimits": "runc takes a type twice",
  "strict-exec-flags": "runc only warns of unknown capabilities",
  ...hostsOwn,
  "own-pid-namespace": "runc shares the host's processes then",
  tun: "the host may have no tun driver",
  "mapped-mounts": "runc 1.1 ignores mappings of mounts",
  "mounts-inside": "runc resolves an overlay's directories on the host",
  "gives-up-hooks": "runc waits for its hooks, whoever deletes the container meanwhile",
  "kills-hook-sessions": "runc kills the hook alone, and waits for whoever else holds its output",
  "poststart-at-start": "runc 1.1 runs poststart hooks in create",
  "poststart-failure": "runc 1.1 runs poststart hooks in create",
  "start-reports-hooks": "runc's start has succeeded before startContainer hooks run",
  "tolerates-poststop": "runc's delete ends at a poststop hook that fails",
  "no-args": "runc refuses a config.json without process.args",
  "time-namespace": "runc 1.1 has no time namespaces",
  "refuses-unsupported": "runc does what runv refuses so far",
  "seccomp-flags": "Debian 12's runc refuses all seccomp flags",
  "seccomp-with-execve": "runc makes system calls of its own under the profile",
};

const known: Readonly<Record<string, () => RuntimeUnderTest>> = {
  runv: () => ({ ...own, name: "runv", command: [path.join(repository, "dist/runv")] }),
  "runv-node": () => ({
    ...own,
    name: "runv-node",
    command: [process.execPath, path.join(repository, "dist/runv.cjs")],
    isSampled: true,
  }),
  runc: () => ({ ...own, name: "runc", command: ["runc"], lacks: runcLacks }),
  crun: () => ({
    name: "crun",
    command: crunCommand(),
    words: crunWords,
    failureStatuses: { ps: 253 },
    lacks: {
      ...noControllers,
      events: "crun has no events",
      ...hostsOwn,
      "checked-preserved": "crun does not look at what it preserves",
      "checked-rlimits": "crun takes a type twice",
      "counted-preserved": "crun does not look at what it preserves",
      "socket-activation": "crun tells of LISTEN_PID alone, and does not look whose the sockets are",
      "exec-caps": "crun puts what exec --cap names in the place of the container's",
      "exec-user": "crun does not begin with the container's user where exec names one",
      "ignore-paused": "crun has no --ignore-paused",
      "strict-exec-flags": "crun takes what it does not know",
      "checked-schedulers": "crun words it otherwise",
      "exec-affinity": "crun takes its own processors where those asked for are not there",
      "exec-personality": "crun gives the personality to the first process alone",
      "real-time-schedulers": "the host need not allow them",
      "warns-of-capabilities": "crun ignores unknown capabilities in silence",
      "additional-gids": "crun exec has no --additional-gids",
      "checked-mappings": "crun ignores mappings without a user namespace",
      "guest-pid-in-state": "crun tells startContainer hooks the pid on the host",
      "gives-up-hooks": "crun waits for its hooks, whoever deletes the container meanwhile",
      "kills-hook-sessions": "crun kills the hook alone",
      "poststart-failure": "crun goes on when a poststart hook fails",
      "poststop-after-failed-create":
        "crun forgets the poststop hooks of a container that it could not create",
      "quotes-hooks": "crun does not keep what hooks say",
      "start-reports-hooks": "crun words it otherwise",
      "tolerates-poststop": "crun words it otherwise",
      "checked-names": "crun takes every name without a slash",
      "checked-terminal-flags": "crun ignores --console-socket where it has no use for it",
      "exec-owns-streams": "crun exec leaves its streams to root of the host",
      "later-option-counts": "crun does not take flags of mounts back",
      "propagation-of-new-mounts": "crun sets the propagation of bind mounts only",
      "recursive-time-options": "crun clears only a part of the field of access times, which is EINVAL",
      "lower-case-signals": "crun knows signals by their upper case names only",
      "new-syscalls-enosys": "crun has the default action also for system calls newer than the profile",
      "vm-section": "crun runs no virtual machines",
      nosymfollow: "crun hands nosymfollow to the file system, which refuses it",
      "own-pid-namespace": "crun shares the host's processes then",
      tun: "the host may have no tun driver",
      "mounts-inside": "crun resolves an overlay's directories on the host",
      "no-args": "crun refuses a config.json without process.args",
      "pause-of-created": "crun tells of a created container that is paused as created",
      "refuses-pause": "crun pauses and resumes whatever its state is",
      "ps-table": "crun ps lists pids only",
      "refuses-unsupported": "crun does what runv refuses so far",
      "seccomp-with-execve": "crun makes system calls of its own under the profile",
      "seccomp-words-named": "crun names neither architectures nor operators as config.json does",
      "relative-cwd-refused": "crun takes a relative process.cwd",
      "terminal-size": "crun run tells the size of its terminal at the first resize only",
    },
    isSampled: false,
  }),
};

/** runv by both programs; runc and crun prove the tests: what they fail is a fault of the test. */
const defaultRuntimes = "runv,runv-node,runc,crun";

/** The runtimes of this run: RUNV_OCI_RUNTIMES ("runv,runc"; a path for any other, which is taken for a runc). */
export const runtimesUnderTest: readonly RuntimeUnderTest[] = (
  process.env["RUNV_OCI_RUNTIMES"] ?? defaultRuntimes
)
  .split(",")
  .map((name) => known[name]?.() ?? { ...own, name: path.basename(name), command: [name] });

/** runv with guests whose cgroups are of version 1, where runv is tested: for what has to do with them. */
export const versionOneGuests: readonly RuntimeUnderTest[] = runtimesUnderTest
  .filter(({ name }) => name === "runv")
  .map((runtime) => ({
    ...runtime,
    name: "runv-cgroup-v1",
    command: ["env", "RUNV_CGROUP_VERSION=v1", ...runtime.command],
    lacks: { "cgroup2-limits": "the guest's cgroups are of version 1" },
    isSampled: true,
  }));

for (const { command } of runtimesUnderTest) {
  for (const part of command) {
    if (path.isAbsolute(part) && !existsSync(part))
      throw new Error(`${part} is missing: npm run build makes it`);
  }
}
