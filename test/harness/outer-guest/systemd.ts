import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Process 1 of an outer guest: the command itself, or systemd with cgroups of version 2 alone or as hosts had them before ("legacy"). */
export type OuterInit = "command" | "systemd" | "systemd-legacy";

const systemd = [
  "systemd=yes systemd.unit=outer.service systemd.show_status=no systemd.log_target=kmsg systemd.log_level=warning",
];

/** On the kernel's command line. */
export const initParameters: Readonly<Record<OuterInit, readonly string[]>> = {
  command: [],
  systemd: [...systemd, "systemd.unified_cgroup_hierarchy=yes"],
  "systemd-legacy": [
    ...systemd,
    "systemd.unified_cgroup_hierarchy=no systemd.legacy_systemd_cgroup_controller=yes",
  ],
};

/** Nothing else of what is installed on the host is started: the command has the system bus, and that is all. */
const units: Readonly<Record<string, string>> = {
  "outer.service": `
[Unit]
DefaultDependencies=no
Requires=dbus.socket dbus.service
After=dbus.socket dbus.service
[Service]
ExecStart=/bin/bash /run/outer/command
StandardOutput=tty
StandardError=tty
TTYPath=/dev/console
TasksMax=infinity
LimitNOFILE=infinity
`,
  "dbus.socket": `
[Unit]
DefaultDependencies=no
[Socket]
ListenStream=/run/dbus/system_bus_socket
`,
  "dbus.service": `
[Unit]
DefaultDependencies=no
Requires=dbus.socket
[Service]
Type=notify
NotifyAccess=main
ExecStart=/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only
`,
};

export function writeUnits(directory: string): void {
  mkdirSync(directory);
  for (const [name, text] of Object.entries(units))
    writeFileSync(path.join(directory, name), text.trimStart());
}
