import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { debianPackage } from "../../../scripts/lib/debian-package.mjs";

/** Its ABI is part of the name. */
const packageName = "linux-image-6.1.0-50-amd64";
/** What leads to the root file system; everything else is loaded by name there. */
const bootModules = ["virtio_pci", "virtio_blk", "9pnet_virtio", "9p", "overlay", "ext4", "crc32c_generic"];
/** What a host of virtual machines has loaded. */
const hostModules = ["kvm_amd", "vhost_vsock", "vhost_net", "tun", "loop", "virtio_rng"];

export interface OuterKernel {
  /** bzImage. */
  readonly image: string;
  readonly modulesDirectory: string;
  /** Files of the modules to load at boot, in this order. */
  readonly modules: readonly string[];
}

/** A distribution's kernel, pinned: it has KVM, vhost-vsock and the rest of what a host offers. */
export function outerKernel(): OuterKernel {
  const root = path.join(debianPackage("binary", packageName), "root");
  const [release] = readdirSync(path.join(root, "lib/modules"));
  if (release === undefined) throw new Error(`${packageName}: no modules`);
  const modulesDirectory = path.join(root, "lib/modules", release);
  // depmod's last file: another outer guest may be starting, too.
  if (!existsSync(path.join(modulesDirectory, "modules.devname"))) run("depmod", ["-b", root, release]);
  return {
    image: path.join(root, "boot", `vmlinuz-${release}`),
    modulesDirectory,
    modules: withDependencies([...bootModules, ...hostModules], { root, release }),
  };
}

/** A kernel may have one built in: modprobe(8) then prints "builtin". */
function withDependencies(
  names: readonly string[],
  { root, release }: { readonly root: string; readonly release: string },
): string[] {
  const found = names.flatMap((name) =>
    run("modprobe", ["-d", root, "-S", release, "--show-depends", name])
      .split("\n")
      .flatMap((line) => /^insmod (\S+)/.exec(line)?.[1] ?? []),
  );
  return [...new Set(found)];
}

/** Debian keeps them in sbin, which not everybody's PATH has. */
function run(program: string, args: readonly string[]): string {
  return execFileSync(program, args, {
    encoding: "utf8",
    env: { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` },
  });
}
