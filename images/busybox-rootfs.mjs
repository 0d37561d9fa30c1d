// node images/busybox-rootfs.mjs DIRECTORY
// Makes a root file system of Debian's busybox-static: the program, its applets as symbolic links, and the files and
// mount points that ordinary programs expect. DIRECTORY must not exist; it appears when it is complete.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";

const busybox = "/bin/busybox";
const directories = [
  "bin",
  "sbin",
  "usr/bin",
  "usr/sbin",
  "dev",
  "etc",
  "proc",
  "root",
  "run",
  "sys",
  "tmp",
  "var/tmp",
];
const sticky = ["tmp", "var/tmp"];
const files = {
  "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
  "etc/group": "root:x:0:\nnogroup:x:65534:\n",
  "etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
};

function applets() {
  const output = execFileSync(busybox, ["--list-full"], { encoding: "utf8" });
  return output.split("\n").filter((applet) => applet.includes("/") && applet !== "bin/busybox");
}

function fill(root) {
  for (const directory of directories) mkdirSync(path.join(root, directory), { recursive: true });
  for (const directory of sticky) chmodSync(path.join(root, directory), 0o1777);
  copyFileSync(busybox, path.join(root, "bin/busybox"));
  chmodSync(path.join(root, "bin/busybox"), 0o755);
  for (const applet of applets()) {
    mkdirSync(path.dirname(path.join(root, applet)), { recursive: true });
    symlinkSync("/bin/busybox", path.join(root, applet));
  }
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(root, name), content);
}

const [target, ...rest] = process.argv.slice(2);
if (target === undefined || rest.length > 0) {
  console.error("usage: node images/busybox-rootfs.mjs DIRECTORY");
  process.exit(2);
}
const partial = `${path.resolve(target)}.partial-${process.pid}`;
try {
  process.umask(0o022);
  fill(partial);
  renameSync(partial, target);
} catch (error) {
  console.error(`busybox-rootfs: cannot make ${target}: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(partial, { recursive: true, force: true });
}
