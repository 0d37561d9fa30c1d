import { readdirSync } from "node:fs";
import path from "node:path";
import type { InnerFile } from "../harness/outer-guest/inner-tests.ts";
import { repositoryRoot } from "../harness/paths.ts";

const all = (file: string): InnerFile => ({ file, names: null });
const vhostVsock = "test/unit/resident/monitor-vhost.test.ts";
const scopes = "test/kvm/inside/systemd/scope.test.ts";
const atTheEnd = "nothing is left on the host";

/** What `npm test` takes: of each of these files the tests whose full names hold one of the names. */
const sample: readonly InnerFile[] = [
  { file: "test/kvm/inside/machine.test.ts", names: ["left to itself", "nothing but cgroup v2"] },
  { file: "test/kvm/inside/internal-error.test.ts", names: ["on microvm that KVM gives up on"] },
  { file: vhostVsock, names: ["the kernel's vsock"] },
  {
    file: "test/vm/life-cycle.test.ts",
    names: [
      "by the executable created, running",
      "by the executable run gives",
      `by the executable ${atTheEnd}`,
    ],
  },
  {
    file: "test/vm/exec.test.ts",
    names: [
      "a container for the other tests",
      "another user, groups",
      "that a signal kills",
      "a detached process",
    ],
  },
  { file: "test/vm/terminal.test.ts", names: ["gets the master", "a terminal in the foreground run:"] },
  {
    file: "test/vm/stdio.test.ts",
    names: ["through stdin and stdout", "stay apart and in order", "the end of stdin", "SIGPIPE"],
  },
  { file: "test/vm/growth.test.ts", names: ["microvm: update makes", atTheEnd] },
  {
    file: "test/vm/crash.test.ts",
    names: [
      "SIGKILL of the VMM",
      "SIGKILL of the monitor",
      "SIGKILL of the init process",
      "SIGKILL of an exec",
      "SIGKILL of a foreground run",
    ],
  },
];

/** Every test that boots guests, and those that need what only the outer guest has. */
function everything(): InnerFile[] {
  const inDirectory = (name: string): InnerFile[] =>
    readdirSync(path.join(repositoryRoot, "test", name))
      .filter((file) => file.endsWith(".test.ts"))
      .map((file) => all(`test/${name}/${file}`));
  return [...inDirectory("kvm/inside"), all(vhostVsock), ...inDirectory("vm")];
}

const isFull = process.env["RUNV_TEST_SAMPLE"] === "full";
export const selection = isFull ? everything() : sample;

/** Where systemd is process 1. */
export const systemdSelection: readonly InnerFile[] = isFull
  ? [all(scopes), all("test/kvm/inside/systemd/containerd.test.ts")]
  : [
      {
        file: scopes,
        names: ["in the scope that linux.cgroupsPath names", "a name that is taken", 'after phase "launch"'],
      },
    ];
export const legacySelection: readonly InnerFile[] = isFull
  ? [all(scopes)]
  : [{ file: scopes, names: ["by runv a container is in the scope"] }];
export const systemdEnvironment = { RUNV_ACCEL: "kvm", RUNV_CARRIER: "vhost-vsock" };
