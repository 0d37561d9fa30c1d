import { errnoOf } from "./errno.ts";
import { readFile } from "./sys.ts";

const maxPasswdBytes = 1 << 20;

/** The home directory that /etc/passwd of the present root gives this user; "/" for a user without entry, as runc does. */
export function homeOf(uid: number): string {
  let text: string;
  try {
    text = readFile("/etc/passwd", maxPasswdBytes);
  } catch (thrown) {
    if (errnoOf(thrown) === null) throw thrown;
    return "/";
  }
  return homeInPasswd(text, uid);
}

/** The same for the text of a passwd(5) file. */
export function homeInPasswd(text: string, uid: number): string {
  for (const line of text.split("\n")) {
    const [, , id, , , home] = line.split(":");
    if (id !== undefined && /^\d+$/.test(id) && Number(id) === uid)
      return home === undefined || home === "" ? "/" : home;
  }
  return "/";
}
