/** The versions of runtime-spec whose documents runv reads; their minor versions only add fields. */
export const oldestOciVersion = "1.0.0";
export const newestOciVersion = "1.3.0";

const acceptedVersions = /^1\.[0-3]\.(0|[1-9]\d*)([-+][0-9A-Za-z.+-]+)?$/;

/** @returns whether `ociVersion` is one of those, a development or vendor's version of them included ("1.0.2-dev"). */
export function isAcceptedVersion(ociVersion: string): boolean {
  return acceptedVersions.test(ociVersion);
}
