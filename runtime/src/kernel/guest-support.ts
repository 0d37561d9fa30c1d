import { readFileSync } from "node:fs";
import { errorMessage } from "@runv/protocol/errors";
import { absent, type Capability, type Finding, present } from "../shared/capability.ts";
import { chosenGuest, type Guest, type GuestChoice } from "./guest.ts";

/** cpio(5): the new ASCII format. */
const cpioMagic = Buffer.from("070701", "latin1");

/** The kernel and the initramfs that containers boot from. */
export function guestSupport(choice: GuestChoice): Capability {
  return { name: "guest files", needs: "all", findings: guestFindings(choice) };
}

function guestFindings(choice: GuestChoice): readonly Finding[] {
  try {
    const guest = chosenGuest(choice);
    return [kernelFinding(guest), initramfsFinding(guest)];
  } catch (error) {
    return [absent("kernel and initramfs", errorMessage(error))];
  }
}

function kernelFinding({ vmlinux, image }: Guest): Finding {
  return image.release === ""
    ? absent("kernel", `${vmlinux}: no Linux kernel`)
    : present("kernel", `${image.release}, ${vmlinux}`);
}

function initramfsFinding({ initramfs }: Guest): Finding {
  return fileFinding("initramfs", initramfs, (content) => {
    if (!content.subarray(0, cpioMagic.length).equals(cpioMagic))
      return absent("initramfs", `${initramfs}: not an archive of cpio's new format`);
    const version = textAfter(content, "runv-agent version ");
    return version === ""
      ? absent("initramfs", `${initramfs}: there is no agent in it`)
      : present("initramfs", `agent ${version}, ${initramfs}`);
  });
}

function fileFinding(name: string, path: string, look: (content: Buffer) => Finding): Finding {
  try {
    return look(readFileSync(path));
  } catch (error) {
    return absent(name, `${path}: ${errorMessage(error)}`);
  }
}

/** The word that follows the first `mark`; empty without one. */
function textAfter(content: Buffer, mark: string): string {
  const longest = 64;
  const start = content.indexOf(mark);
  if (start < 0) return "";
  const rest = content.toString("latin1", start + mark.length, start + mark.length + longest);
  return /^[\w.+~-]*/.exec(rest)?.[0] ?? "";
}
