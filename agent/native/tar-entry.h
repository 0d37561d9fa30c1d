/* One entry of an archive: its header, with all extended headers before it taken into account. */
#ifndef RUNV_TAR_ENTRY_H
#define RUNV_TAR_ENTRY_H

#include "tar-pax.h"
#include "tar-source.h"

#include <sys/types.h>

enum tar_kind {
	TAR_REGULAR,
	TAR_HARD_LINK,
	TAR_SYMLINK,
	TAR_DIRECTORY,
	/** Character and block devices, FIFOs, sockets: what mknod(2) makes; the mode has the type. */
	TAR_NODE,
	/** Nothing to make: a volume label. */
	TAR_IGNORED,
};

struct tar_entry {
	enum tar_kind kind;
	/** Relative to the target, without empty, "." or ".." components and without NUL; "" is the target
	 * itself. */
	char name[TAR_NAME_LIMIT + 1];
	/** Hard link: as `name`. Symlink: the bytes of its target. */
	char link[TAR_NAME_LIMIT + 1];
	/** Permission bits with set-id and sticky bits; a node's file type too. */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	struct timespec mtime;
	dev_t device;
	/** Bytes of content in the archive, and of the file. They differ for sparse files alone. */
	uint64_t stored_bytes;
	uint64_t bytes;
	bool sparse;
	struct tar_map map;
	/** Into the reader's struct tar_pax. */
	const struct tar_xattr *xattrs;
	size_t xattr_count;
};

struct tar_reader {
	struct tar_source source;
	struct tar_pax global;
	struct tar_pax local;
	struct tar_entry entry;
	struct tar_error *error;
	/** Headers of any kind so far, and how many are allowed: extended ones must not go on for ever
	 * either. */
	uint64_t headers;
	uint64_t max_headers;
};

/** Reads headers up to the next entry into `reader->entry`. Returns 1, 0 at the end mark, -1 on failure. */
int tar_next_entry(struct tar_reader *reader);

/** Fills in the entry from its header and the extended headers; reads sparse maps that stand in the stream.
 */
int tar_describe(struct tar_reader *reader, const struct tar_header *header);

/** The map of a sparse entry, from wherever its format keeps it; checks it against the sizes. */
int tar_read_map(struct tar_reader *reader, const struct tar_header *header);

/** Brings a name into the form of `struct tar_entry.name`, or refuses it. */
int tar_clean_name(char *out, const char *name, size_t length, const char *what, struct tar_error *error);

void tar_reader_release(struct tar_reader *reader);

#endif
