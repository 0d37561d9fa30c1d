// An initramfs: a newc archive (kernel Documentation/driver-api/early-userspace/buffer-format.rst), the same bytes every time.
import { Buffer } from "node:buffer";

const S_IFREG = 0o100000;
const S_IFDIR = 0o040000;
const S_IFCHR = 0o020000;

/**
 * @typedef {object} CpioEntry
 * @property {string} name without a leading slash
 * @property {"file" | "directory" | "character"} type
 * @property {number} permissions
 * @property {Uint8Array} [content] of a file
 * @property {[major: number, minor: number]} [device] of a character device
 */

const typeBits = { file: S_IFREG, directory: S_IFDIR, character: S_IFCHR };

/** @param {CpioEntry[]} entries @returns {Buffer} owners are root, times 0, inode numbers counted from 1 */
export function cpioArchive(entries) {
  const blocks = entries.map((entry, index) => entryBlock(entry, index + 1));
  blocks.push(block({ name: "TRAILER!!!", inode: 0, mode: 0, content: new Uint8Array(), device: [0, 0] }));
  return Buffer.concat(blocks);
}

function entryBlock({ name, type, permissions, content = new Uint8Array(), device = [0, 0] }, inode) {
  return block({ name, inode, mode: typeBits[type] | permissions, content, device });
}

function block({ name, inode, mode, content, device }) {
  const nameBytes = Buffer.from(`${name}\0`);
  const links = 1;
  const fields = [
    inode,
    mode,
    0,
    0,
    links,
    0,
    content.length,
    0,
    0,
    device[0],
    device[1],
    nameBytes.length,
    0,
  ];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
  return Buffer.concat([padded(Buffer.concat([header, nameBytes])), padded(content)]);
}

/** Header with name, and content, each end on a multiple of 4 bytes. */
function padded(bytes) {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
