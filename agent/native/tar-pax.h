/* Extended headers: what pax records and GNU long names say about the entry that follows them. */
#ifndef RUNV_TAR_PAX_H
#define RUNV_TAR_PAX_H

#include "tar-format.h"
#include "tar.h"

#include <stdbool.h>
#include <time.h>

/** Bytes inside a buffer of the same struct tar_pax; `data` NULL means not given. */
struct tar_bytes {
	const char *data;
	size_t length;
};

struct tar_xattr {
	/** NUL-terminated, owned. */
	char *name;
	const char *value;
	size_t length;
};

struct tar_number {
	bool given;
	int64_t value;
};

/** Segments of a sparse file, owned. */
struct tar_map {
	struct tar_segment *segments;
	size_t count;
	size_t room;
};

struct tar_pax {
	struct tar_bytes path;
	struct tar_bytes linkpath;
	struct tar_number uid;
	struct tar_number gid;
	struct tar_number size;
	struct tar_number device_major;
	struct tar_number device_minor;
	bool mtime_given;
	struct timespec mtime;
	bool socket;

	struct tar_bytes sparse_name;
	struct tar_number sparse_major;
	struct tar_number sparse_minor;
	struct tar_number sparse_size;
	/** From the records of versions 0.0 and 0.1. */
	struct tar_map sparse_map;
	/** Version 0.0: an offset whose length has not come yet. */
	struct tar_number sparse_offset;

	struct tar_xattr *xattrs;
	size_t xattr_count;

	/** The headers' contents, which the fields above point into. */
	char **buffers;
	size_t buffer_count;
	size_t buffered_bytes;
};

/** Takes `contents` (malloc'ed) over as a further extended header. Global ones may set owner and mtime alone.
 */
int tar_pax_records(struct tar_pax *pax, char *contents, size_t length, bool global, struct tar_error *error);

/** Takes the contents of a GNU long name (`link` false) or long link header over. */
int tar_pax_long_name(struct tar_pax *pax, char *contents, size_t length, bool link, struct tar_error *error);

/** Whether anything at all has been given. */
bool tar_pax_pending(const struct tar_pax *pax);

/** Releases everything and leaves an empty struct. */
void tar_pax_reset(struct tar_pax *pax);

/** Appends a segment; segments must ascend and end by INT64_MAX. */
int tar_map_add(struct tar_map *map, int64_t offset, int64_t bytes, struct tar_error *error);
void tar_map_reset(struct tar_map *map);

#endif
