import { RunvError } from "@runv/protocol/errors";
import type { KernelImage, ReadAt } from "./image-facts.ts";

/** elf(5), of 64-bit files. */
const fileHeader = {
  bytes: 64,
  class: 4,
  byteOrder: 5,
  machine: 18,
  sections: 40,
  sectionSize: 58,
  sectionCount: 60,
};
const programHeaders = { offset: 32, size: 54, count: 56 };
const programHeader = { bytes: 56, type: 0, fileOffset: 8, fileBytes: 32 };
const section = { bytes: 64, type: 4, flags: 8, address: 16, fileOffset: 24, fileBytes: 32 };
const magic = "\x7fELF";
const class64 = 2;
const littleEndian = 1;
const machineX86 = 62;
const segmentTypeNote = 4;
const sectionTypeProgramBits = 1;
const sectionTypeNoBits = 8;
const sectionFlag = { writable: 1n, loaded: 2n, executable: 4n };
const maxHeaders = 4096;
const maxNoteBytes = 65_536;
const maxDataBytes = 64 * 1_048_576;

/** xen/include/public/elfnote.h: XEN_ELFNOTE_PHYS32_ENTRY, the entry by which a machine starts a kernel as it is. */
// eslint-disable-next-line no-restricted-syntax -- the name that the note has in every kernel that can be started so, by whomever
const pvhNote = { owner: "Xen", type: 18 };
/** The parameter that exists with CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES. */
const mmioParameter = "virtio_mmio.device";
const banner = "Linux version ";
const maxReleaseBytes = 128;
const bytesPerKib = 1024;
/** What a kernel takes while it starts, beside its image: page tables, the first megabyte's holes, per processor data. Measured. */
const startKib = 1033;

/** @returns null when it is no ELF file. @throws RunvError "unavailable" when it is another one than a kernel that can be started */
export function readElfKernel(readAt: ReadAt): KernelImage | null {
  const start = readAt(0, fileHeader.bytes);
  if (start.toString("latin1", 0, magic.length) !== magic) return null;
  if (start.length < fileHeader.bytes) throw notKernel("it is cut off");
  const isForThis =
    start[fileHeader.class] === class64 &&
    start[fileHeader.byteOrder] === littleEndian &&
    start.readUInt16LE(fileHeader.machine) === machineX86;
  if (!isForThis) throw notKernel("it is not for x86_64");
  if (!hasPvhEntry(start, readAt))
    throw notKernel("it has no PVH entry (CONFIG_PVH; the kernel's bzImage needs none)");
  const sections = [...loadedSections(start, readAt)];
  const residentKib = sections.length === 0 ? null : residentMemoryKib(sections);
  for (const data of readOnlyData(sections, readAt)) {
    const at = data.indexOf(banner);
    if (at < 0) continue;
    const text = data.toString("latin1", at + banner.length, at + banner.length + maxReleaseBytes);
    return {
      format: "elf",
      release: /^[\w.+~-]*/.exec(text)?.[0] ?? "",
      virtioMmio: data.includes(mmioParameter),
      residentKib,
    };
  }
  // Without names and sections it may be one all the same.
  return { format: "elf", release: "", virtioMmio: null, residentKib };
}

function hasPvhEntry(start: Buffer, readAt: ReadAt): boolean {
  const size = start.readUInt16LE(programHeaders.size);
  const count = Math.min(start.readUInt16LE(programHeaders.count), maxHeaders);
  const table = readAt(Number(start.readBigUInt64LE(programHeaders.offset)), size * count);
  for (let at = 0; size >= programHeader.bytes && at + size <= table.length; at += size) {
    if (table.readUInt32LE(at + programHeader.type) !== segmentTypeNote) continue;
    const bytes = Number(table.readBigUInt64LE(at + programHeader.fileBytes));
    const offset = Number(table.readBigUInt64LE(at + programHeader.fileOffset));
    if (holdsPvhNote(readAt(offset, Math.min(bytes, maxNoteBytes)))) return true;
  }
  return false;
}

/** Each note is lengths of owner and content, a type, and the two, padded to 4 bytes. */
function holdsPvhNote(notes: Buffer): boolean {
  const headBytes = 12;
  const padded = (length: number): number => Math.ceil(length / 4) * 4;
  for (let at = 0; at + headBytes <= notes.length; ) {
    const [ownerBytes, contentBytes] = [notes.readUInt32LE(at), notes.readUInt32LE(at + 4)];
    const owner = notes.toString("latin1", at + headBytes, at + headBytes + ownerBytes).replace(/\0$/, "");
    if (owner === pvhNote.owner && notes.readUInt32LE(at + 8) === pvhNote.type) return true;
    at += headBytes + padded(ownerBytes) + padded(contentBytes);
  }
  return false;
}

interface Section {
  readonly type: number;
  readonly isExecutable: boolean;
  readonly isWritable: boolean;
  readonly fileOffset: number;
  readonly bytes: number;
}

/** Those that memory is taken for, in the order of the file, which is that of their addresses. */
function* loadedSections(start: Buffer, readAt: ReadAt): Generator<Section> {
  const size = start.readUInt16LE(fileHeader.sectionSize);
  const count = Math.min(start.readUInt16LE(fileHeader.sectionCount), maxHeaders);
  const table = readAt(Number(start.readBigUInt64LE(fileHeader.sections)), size * count);
  for (let at = 0; size >= section.bytes && at + size <= table.length; at += size) {
    const flags = table.readBigUInt64LE(at + section.flags);
    if ((flags & sectionFlag.loaded) === 0n) continue;
    yield {
      type: table.readUInt32LE(at + section.type),
      isExecutable: (flags & sectionFlag.executable) !== 0n,
      isWritable: (flags & sectionFlag.writable) !== 0n,
      fileOffset: Number(table.readBigUInt64LE(at + section.fileOffset)),
      bytes: Number(table.readBigUInt64LE(at + section.fileBytes)),
    };
  }
}

/** Contents of what is loaded and not executed: the first is the kernel's constants. */
function* readOnlyData(sections: readonly Section[], readAt: ReadAt): Generator<Buffer> {
  for (const { type, isExecutable, fileOffset, bytes } of sections) {
    if (type === sectionTypeProgramBits && !isExecutable && bytes <= maxDataBytes)
      yield readAt(fileOffset, bytes);
  }
}

/** The kernel's own code and data, without what it frees after its start: from the first code behind data to what is all zeroes. */
function residentMemoryKib(sections: readonly Section[]): number {
  const firstData = sections.findIndex(({ isWritable, isExecutable }) => isWritable && !isExecutable);
  const initial = sections.findIndex(({ isExecutable }, index) => isExecutable && index > firstData);
  const zeroes = sections.findIndex(({ type }) => type === sectionTypeNoBits);
  const isFreed = (index: number): boolean => initial > 0 && index >= initial && index < zeroes;
  const bytes = sections.reduce((sum, one, index) => sum + (isFreed(index) ? 0 : one.bytes), 0);
  return Math.ceil(bytes / bytesPerKib) + startKib;
}

function notKernel(why: string): RunvError {
  return new RunvError("unavailable", `a virtual machine cannot be started from this ELF file: ${why}`);
}
