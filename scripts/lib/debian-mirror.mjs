import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

const archiveKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * The Debian mirror this machine already uses, so that other suites come from the same place.
 * @returns {{uri: string, keyring: string | undefined}} `keyring` is undefined when apt's own trusted keys serve
 * @throws {Error} when no apt source is Debian's main archive of this release
 */
export function debianMirror() {
  const codename = /^VERSION_CODENAME=(\S+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
  const format = "$(REPO_URI)|$(RELEASE)|$(CODENAME)|$(COMPONENT)|$(SOURCESENTRY)";
  const targets = execFileSync("apt-get", ["indextargets", "--format", format, "Identifier: Packages"], {
    encoding: "utf8",
  })
    .split("\n")
    .map((line) => line.split("|"));
  const target = targets.find(
    ([, release, releaseCodename, component]) =>
      component === "main" && (release === codename || releaseCodename === codename),
  );
  if (target === undefined) {
    throw new Error(
      `no Debian mirror found: apt has no "main" source for ${codename}: add one to /etc/apt/sources.list.d`,
    );
  }
  const [uri, release, , , entry] = target;
  return {
    uri,
    keyring: signedBy({ uri, release, entry }) ?? (existsSync(archiveKeyring) ? archiveKeyring : undefined),
  };
}

/** `entry` is FILE:NUMBER: a line of a one-line list, or a stanza of a deb822 file (see sources.list(5)). */
function signedBy({ uri, release, entry }) {
  const file = entry.replace(/:\d+$/, "");
  const text = readFileSync(file, "utf8").replaceAll(/^\s*#.*\n/gm, "");
  const sameUri = (value) => value.replace(/\/$/, "") === uri.replace(/\/$/, "");
  if (file.endsWith(".sources")) {
    const stanza = text.split(/\n\s*\n/).find((candidate) => {
      const field = (name) =>
        new RegExp(`^${name}:((?:.*)(?:\\n[ \\t].*)*)`, "mi").exec(candidate)?.[1] ?? "";
      return field("URIs").split(/\s+/).some(sameUri) && field("Suites").split(/\s+/).includes(release);
    });
    return /^Signed-By:\s*(\/\S+)/im.exec(stanza ?? "")?.[1];
  }
  const line = text.split("\n").find((candidate) => {
    const words = candidate
      .replace(/\[.*?\]/, " ")
      .trim()
      .split(/\s+/);
    return words[0] === "deb" && sameUri(words[1] ?? "") && words[2] === release;
  });
  return /\[.*?signed-by=(\/[^\s\],]+)/i.exec(line ?? "")?.[1];
}
