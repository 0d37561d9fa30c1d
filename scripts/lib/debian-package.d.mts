/** A pinned Debian package in the cache, fetched when it is not there yet. @returns its directory */
export function debianPackage(kind: "source" | "binary", name: string): string;
