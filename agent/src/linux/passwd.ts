/** The home directory that the text of a passwd(5) file gives this user; "/" for a user without one, as runc has it. */
export function homeInPasswd(text: string, uid: number): string {
  for (const line of text.split("\n")) {
    const [, , id, , , home] = line.split(":");
    if (id !== undefined && /^\d+$/.test(id) && Number(id) === uid)
      return home === undefined || home === "" ? "/" : home;
  }
  return "/";
}
