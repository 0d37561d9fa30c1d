import { readdirSync, readFileSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";

/** A mount of this host, as /proc/self/mountinfo has it (proc(5)). */
export interface HostMount {
  /** "major:minor" of the file system's device. */
  readonly device: string;
  /** What of the file system is mounted: "/" for all of it. */
  readonly root: string;
  readonly mountPoint: string;
  readonly source: string;
  /** The file system itself takes no writes, wherever it is mounted. */
  readonly readonly: boolean;
}

export function hostMounts(): HostMount[] {
  return readFileSync("/proc/self/mountinfo", "utf8").split("\n").flatMap(parseLine);
}

function parseLine(line: string): HostMount[] {
  const fields = line.split(" ");
  const separator = fields.indexOf("-");
  const [, , device, root, mountPoint] = fields;
  const [, source, superOptions] = fields.slice(separator + 1);
  if (separator < 0 || device === undefined || root === undefined || mountPoint === undefined) return [];
  return [
    {
      device,
      root: unescaped(root),
      mountPoint: unescaped(mountPoint),
      source: unescaped(source ?? ""),
      readonly: (superOptions ?? "").split(",").includes("ro"),
    },
  ];
}

/** Blanks and backslashes are written in octal. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_match, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

/** "major:minor" of a device number as stat(2) returns it (makedev(3)). */
export function deviceName(device: number): string {
  const major = (Math.floor(device / 0x100) & 0xfff) + Math.floor(device / 0x1_0000_0000) * 0x1000;
  const minor = (device & 0xff) + (Math.floor(device / 0x1000) & 0xfff00);
  return `${major}:${minor}`;
}

/** Bytes on a block device. */
export function deviceSizeBytes(name: string): number {
  const sectorBytes = 512;
  return Number(readFileSync(`/sys/dev/block/${name}/size`, "utf8").trim()) * sectorBytes;
}

/** "major:minor" of the loop devices behind which an image is (/sys/block/loopN/loop/backing_file). */
export function loopDevicesOf(image: Stats): string[] {
  return readdirSync("/sys/block")
    .filter((name) => name.startsWith("loop"))
    .flatMap((name) => {
      const directory = join("/sys/block", name);
      const backing = textOf(join(directory, "loop/backing_file"));
      return backing !== null && isSameFile(backing, image) ? [textOf(join(directory, "dev")) ?? ""] : [];
    });
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return null;
  }
}

function isSameFile(path: string, file: Stats): boolean {
  try {
    const found = statSync(path);
    return found.dev === file.dev && found.ino === file.ino;
  } catch {
    return false;
  }
}
