/*
 * Reading and writing tar archives without any JavaScript engine: what runv-sys.d.ts calls untar and pack.
 *
 * Both calls block until the archive has ended, move the working directory while they run (and put it back),
 * and set the umask of the process to 0 (and put it back): call them in a process of their own, whose parent
 * holds the deadline.
 *
 * Formats: POSIX.1-2008 pax (section "pax Interchange Format" and "ustar"), GNU tar 1.35 manual appendix D
 * (GNU long names, old and pax sparse files), star's SCHILY.xattr records.
 */
#ifndef RUNV_TAR_H
#define RUNV_TAR_H

#include <stdbool.h>
#include <stdint.h>

enum { TAR_MESSAGE_BYTES = 1024 };

/** Why a call failed. `message` is one line of printable ASCII: what was being done, to which entry, and why.
 */
struct tar_error {
	/** EBADMSG for what the archive does wrong, else the errno of the system call that failed. */
	int number;
	/** The system call, or "untar" or "pack" when it was none. */
	const char *call;
	char message[TAR_MESSAGE_BYTES];
};

struct tar_counts {
	uint64_t entries;
	/** Bytes of file content that the archive carried: holes of sparse files do not count. */
	uint64_t bytes;
	/** Reader: extended attributes that the target's file system has no support for, and which were left
	 * out. */
	uint64_t unsupported_xattrs;
	/** Packer: files that became shorter while they were read; the archive has zeros in place of the
	 * rest. */
	uint64_t shrunk_files;
	/** Packer: entries that were gone when their turn came. */
	uint64_t vanished_entries;
};

struct tar_limits {
	/** Entries of the archive and directories created on their behalf. */
	uint64_t max_entries;
	/** Bytes of file content. */
	uint64_t max_bytes;
};

/**
 * Unpacks the archive that `source` delivers (any readable descriptor, blocking or not) below `directory`.
 * Reads on to the end of the stream. Never creates, changes or removes anything that is not below
 * `directory`. Returns 0, or -1 with `error` filled in.
 */
int tar_untar(int source, const char *directory, const struct tar_limits *limits, struct tar_counts *counts,
              struct tar_error *error);

/**
 * Writes everything below `directory` to `sink` (any writable descriptor, blocking or not) as a pax archive,
 * the directory itself as "./". With `one_file_system` a directory on another device is packed, what is below
 * it is not. Returns 0, or -1 with `error` filled in.
 */
int tar_pack(const char *directory, int sink, bool one_file_system, struct tar_counts *counts,
             struct tar_error *error);

#endif
