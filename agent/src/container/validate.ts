import {
  type CreateContainerRequest,
  DescriptorAccess,
  maxPreserved,
  Namespace,
  type Process,
  RunvError,
} from "@runv/protocol";
import { parseCapabilities } from "../linux/capabilities.ts";
import { hasDriver } from "../linux/device-drivers.ts";
import { propagationFlags } from "../linux/mount-options.ts";
import { checkRlimits } from "../linux/rlimits.ts";
import { checkPersonality, checkScheduling } from "../linux/scheduling.ts";
import { checkResources } from "./check-resources.ts";
import { checkSysctls } from "./sysctls.ts";

/** An id names a directory, whose name ends at 255 bytes. */
const idPattern = /^[\w+.-]{1,255}$/;
const deviceTypes = ["c", "u", "b", "p"];
/** What the host shares is one directory for all containers. */
const sharedTypes = ["9p", "virtiofs"];
const ruleTypes = ["a", "b", "c"];
/** Of device numbers (MAJOR and MINOR of linux/kdev_t.h). */
const maxMajor = 0xfff;
const maxMinor = 0xfffff;
const maxId = 0xfffffffe;

function refuse(message: string): never {
  throw new RunvError("invalid-argument", message);
}

export function checkId(id: string, what: string): void {
  if (!idPattern.test(id) || id === "." || id === "..")
    refuse(`invalid ${what}: "${id.slice(0, 64)}": 1 to 255 of letters, digits and "_+.-"`);
}

/** @throws RunvError "invalid-argument" that names the field */
export function checkContainer(request: CreateContainerRequest): void {
  checkId(request.containerId, "container id");
  for (const { destination, type } of request.mounts) {
    checkPath(destination, "mount destination");
    if (type === "" || sharedTypes.includes(type))
      refuse(`mount ${destination}: type "${type}" cannot be mounted here`);
  }
  request.maskedPaths.forEach((path) => checkPath(path, "masked path"));
  request.readonlyPaths.forEach((path) => checkPath(path, "read-only path"));
  if (request.rootfsPropagation !== "" && propagationFlags(request.rootfsPropagation) === undefined)
    refuse(`unknown rootfs propagation: ${request.rootfsPropagation}`);
  checkCgroupPath(request.cgroupPath);
  checkDevices(request);
  request.startContainerHooks?.hooks.forEach(({ path }) => checkPath(path, "startContainer hook"));
  if (request.resources !== undefined) checkResources(request.resources);
  checkPersonality(request.personality);
  checkSysctls(request.sysctls, request.namespaces);
  if (request.namespaces.includes(Namespace.UNSPECIFIED)) refuse("unspecified namespace");
  if ((request.hostname !== "" || request.domainname !== "") && !request.namespaces.includes(Namespace.UTS))
    refuse("hostname needs a uts namespace of the container's own");
}

function checkDevices(request: CreateContainerRequest): void {
  for (const { path, type, major, minor } of request.devices) {
    checkPath(path, "device");
    if (!deviceTypes.includes(type) || major > maxMajor || minor > maxMinor)
      refuse(`device ${path}: no such device: ${type} ${major}:${minor}`);
    if (type !== "p" && !hasDriver(type, major, minor))
      throw new RunvError(
        "unsupported",
        `device ${path}: the guest's kernel has no device ${type} ${major}:${minor}`,
      );
  }
  for (const { type, major, minor, access } of request.deviceRules)
    if (!ruleTypes.includes(type) || major > maxMajor || minor > maxMinor || /[^rwm]/.test(access))
      refuse(`invalid device rule: ${type} ${major}:${minor} ${access}`);
}

/** @returns the process, which must be there. @throws RunvError "invalid-argument" that names the field */
export function checkProcess(process: Process | undefined): Process {
  if (process === undefined) refuse("process is missing");
  if (process.args.length === 0) refuse("process.args is empty");
  checkPath(process.cwd, "process.cwd");
  if ([process.uid, process.gid, ...process.additionalGids].some((id) => id > maxId))
    refuse("process.user: id out of range");
  parseCapabilities(process.capabilities);
  checkRlimits(process.rlimits);
  checkScheduling(process);
  checkPreserved(process.preserved);
  return process;
}

function checkPreserved(preserved: Process["preserved"]): void {
  if (preserved.length > maxPreserved) refuse(`more than ${maxPreserved} preserved descriptors`);
  if (preserved.includes(DescriptorAccess.UNSPECIFIED))
    refuse("unspecified access to a preserved descriptor");
}

function checkPath(path: string, what: string): void {
  if (!path.startsWith("/") || path.includes("\0")) refuse(`${what} is not an absolute path: "${path}"`);
}

/** @throws RunvError "invalid-argument" for a path that leaves the container's cgroup */
export function checkSubCgroup(path: string): void {
  const parts = path.split("/");
  if (path !== "" && parts.some((part) => ["", ".", ".."].includes(part) || part.includes("\0")))
    refuse(`invalid sub-cgroup: "${path}"`);
}

function checkCgroupPath(path: string): void {
  const parts = path.split("/");
  const isSafe = path === "" || (path.startsWith("/") && !parts.includes("..") && !parts.includes("."));
  if (!isSafe || path === "/") refuse(`invalid cgroup path: "${path}"`);
}
