import { readFileSync } from "node:fs";

/**
 * Name of the user who runs this program, "#<uid>" without a passwd entry (as runc prints it). os.userInfo() is no help: the
 * engine of the executable takes the name from $USER, which callers such as containerd do not set.
 */
export function ownUserName(): string {
  const uid = process.getuid?.() ?? 0;
  return userName(uid, readPasswd());
}

/** @param passwd content of passwd(5) */
export function userName(uid: number, passwd: string): string {
  const entry = passwd
    .split("\n")
    .map((line) => line.split(":"))
    .find((fields) => fields[2] === String(uid));
  return entry?.[0] ?? `#${uid}`;
}

function readPasswd(): string {
  try {
    return readFileSync("/etc/passwd", "utf8");
  } catch {
    return "";
  }
}
