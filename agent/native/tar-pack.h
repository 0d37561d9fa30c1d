/* Inside the packer. */
#ifndef RUNV_TAR_PACK_H
#define RUNV_TAR_PACK_H

#include "tar-format.h"
#include "tar-pax.h"
#include "tar-sink.h"

#include <sys/stat.h>

enum {
	/** Files with several names of which not all have been met yet. */
	PACK_LINK_LIMIT = 1 << 20,
	PACK_LINK_HEADS = 4096,
};

/** A file with several names: the first one, which the others are packed as links to. */
struct pack_link {
	struct pack_link *next;
	dev_t device;
	ino_t inode;
	/** Names not met yet. */
	nlink_t left;
	char name[];
};

struct pack_links {
	struct pack_link *heads[PACK_LINK_HEADS];
	size_t count;
};

/** Bytes that grow. */
struct pack_buffer {
	char *data;
	size_t used;
	size_t room;
};

struct packer {
	struct tar_sink sink;
	struct tar_error *error;
	struct tar_counts *counts;
	bool one_file_system;
	dev_t device;
	struct pack_links links;
	/** Name of the current entry below the directory, NUL-terminated; directories end in '/'. */
	char name[TAR_NAME_LIMIT + 1];
	size_t name_length;
	/** Target of the current symlink or hard link. */
	char link[TAR_NAME_LIMIT + 1];
	/** Pax records of the current entry. */
	struct pack_buffer records;
	/** Scratch for lists and values of extended attributes, and for sparse maps as text. */
	struct pack_buffer scratch;
};

/** What stands at a name: `fd` is the open file or directory, or -1 for what cannot be opened. */
struct pack_item {
	struct stat status;
	int fd;
	/** The parent's descriptor and the name in it. */
	int parent;
	const char *base;
};

/** Everything below the open directory `root` (taken over), that included. */
int pack_walk(struct packer *packer, int root);

/** One entry: header, records, content. */
int pack_entry(struct packer *packer, const struct pack_item *item);

/** Header with what does not fit into it as pax records. `type` is the type flag, `size` the content's. */
int pack_header(struct packer *packer, const struct stat *status, char type, uint64_t size);

/** Adds a record "keyword=value" to the current entry's. */
int pack_record(struct packer *packer, const char *keyword, const char *value, size_t length);
int pack_number_record(struct packer *packer, const char *keyword, uint64_t value);

/** Adds the records of the item's extended attributes. */
int pack_xattrs(struct packer *packer, const struct pack_item *item);

/** A regular file's header and content. */
int pack_file(struct packer *packer, const struct pack_item *item);

/**
 * For a file with several names: 1 when the file has been packed already (its first name is in
 * `packer->link`), 0 when this is the first time.
 */
int pack_link_target(struct packer *packer, const struct stat *status);
void pack_links_release(struct pack_links *links);

/** Room for `bytes` more. */
int pack_reserve(struct packer *packer, struct pack_buffer *buffer, size_t bytes);

/** `tar_fail` with the current entry's name. */
int pack_fail(struct packer *packer, const char *call);

#endif
