/** Debian versions are [epoch:]upstream[-revision] (deb-version(7)). */
export const upstreamOf = (version) => version.replace(/^\d+:/, "").replace(/-[^-]*$/, "");

const series = (upstream) => upstream.split(".").slice(0, 2).join(".");

const compareUpstream = (one, other) => one.localeCompare(other, "en", { numeric: true });

/**
 * Which of the offered versions to build. The pin is an upstream version: any Debian revision of it will do, the
 * newest first. Suites drop old versions, so a later one of the same series (6.1.x) is accepted when the pinned
 * one is gone; an earlier one never is.
 * @param {string[]} offered Debian versions, newest first
 * @param {string | undefined} pinned upstream version; without it the newest offered is taken
 * @returns {string | undefined} a Debian version, or undefined when none will do
 */
export function chooseVersion(offered, pinned) {
  if (pinned === undefined) return offered[0];
  const same = offered.find((version) => upstreamOf(version) === pinned);
  if (same !== undefined) return same;
  return offered.find((version) => {
    const upstream = upstreamOf(version);
    return series(upstream) === series(pinned) && compareUpstream(upstream, pinned) > 0;
  });
}
