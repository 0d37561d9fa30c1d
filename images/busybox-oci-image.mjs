// node images/busybox-oci-image.mjs ROOTFS FILE NAME
// Makes an OCI image (image-spec: image-layout.md, in a tar) with ROOTFS as its one layer, for `ctr images import` and
// the like. NAME is what it is called there. The same ROOTFS gives the same bytes.
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { pack } from "tar-fs";

const mediaType = (kind) => `application/vnd.oci.image.${kind}`;
const epoch = new Date(0);

/** A tar of a directory, in which only names, types, modes and contents count. */
async function tarOf(directory) {
  const entries = pack(directory, {
    sort: true,
    map: (header) => ({ ...header, mtime: epoch, uid: 0, gid: 0, uname: "root", gname: "root" }),
  });
  return buffer(entries);
}

/** Adds a blob. @returns its descriptor (image-spec: descriptor.md). */
function addBlob(layout, type, content) {
  const digest = createHash("sha256").update(content).digest("hex");
  writeFileSync(path.join(layout, "blobs/sha256", digest), content);
  return { mediaType: type, digest: `sha256:${digest}`, size: content.length };
}

const addJson = (layout, type, value) => addBlob(layout, type, Buffer.from(JSON.stringify(value)));

async function writeLayout(layout, rootfs, name) {
  mkdirSync(path.join(layout, "blobs/sha256"), { recursive: true });
  const layer = addBlob(layout, mediaType("layer.v1.tar"), await tarOf(rootfs));
  const platform = { architecture: "amd64", os: "linux" };
  const config = addJson(layout, mediaType("config.v1+json"), {
    ...platform,
    created: epoch.toISOString(),
    config: { Env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], Cmd: ["sh"] },
    rootfs: { type: "layers", diff_ids: [layer.digest] },
    history: [{ created: epoch.toISOString(), created_by: "images/busybox-oci-image.mjs" }],
  });
  const manifestType = mediaType("manifest.v1+json");
  const manifest = { schemaVersion: 2, mediaType: manifestType, config, layers: [layer] };
  const annotations = { "io.containerd.image.name": name, "org.opencontainers.image.ref.name": name };
  const entry = { ...addJson(layout, manifestType, manifest), platform, annotations };
  writeFileSync(path.join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  writeFileSync(path.join(layout, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
}

const [rootfs, file, name, ...rest] = process.argv.slice(2);
if (rootfs === undefined || file === undefined || name === undefined || rest.length > 0) {
  console.error("usage: node images/busybox-oci-image.mjs ROOTFS FILE NAME");
  process.exit(2);
}
const layout = mkdtempSync(path.join(tmpdir(), "runv-image-"));
const partial = `${path.resolve(file)}.partial-${process.pid}`;
try {
  readFileSync(path.join(rootfs, "bin/busybox"));
  await writeLayout(layout, rootfs, name);
  writeFileSync(partial, await tarOf(layout));
  renameSync(partial, file);
} catch (error) {
  console.error(`busybox-oci-image: cannot make ${file}: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(partial, { force: true });
  rmSync(layout, { recursive: true, force: true });
}
