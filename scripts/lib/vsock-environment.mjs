import { existsSync } from "node:fs";
import path from "node:path";
import { debianPackage } from "./debian-package.mjs";

const name = "vhost-device-vsock";

/**
 * The environment for runv, in which vsock works: where the host's kernel has no vhost-vsock, PATH has the program that
 * carries it instead.
 */
export function vsockEnvironment() {
  if (existsSync("/dev/vhost-vsock") || onPath()) return process.env;
  const folder = path.join(debianPackage("binary", name), "root/usr/bin");
  return { ...process.env, PATH: `${folder}:${process.env.PATH}` };
}

function onPath() {
  return (process.env.PATH ?? "").split(":").some((directory) => existsSync(path.join(directory, name)));
}
