/* The archive as a stream of bytes with one big buffer. */
#ifndef RUNV_TAR_SOURCE_H
#define RUNV_TAR_SOURCE_H

#include "tar.h"

#include <stddef.h>

struct tar_source {
	int fd;
	/** Aligned as O_DIRECT wants it. */
	unsigned char *buffer;
	size_t start;
	size_t end;
	struct tar_error *error;
};

int tar_source_open(struct tar_source *source, int fd, struct tar_error *error);
void tar_source_close(struct tar_source *source);

/**
 * Makes `bytes` (at most the buffer's size) readable at `*data` and takes them; the pointer holds until the
 * next call. Returns 1, 0 when the stream has ended before its first byte, -1 on failure (a stream that ends
 * later is one).
 */
int tar_source_take(struct tar_source *source, size_t bytes, const void **data);
int tar_source_read(struct tar_source *source, void *data, size_t bytes);
int tar_source_skip(struct tar_source *source, uint64_t bytes);

/**
 * Moves `bytes` of the stream into `file` at `offset`. `name` is for the error. Much content goes past the page
 * cache where the file system can do that.
 */
int tar_source_to_file(struct tar_source *source, int file, uint64_t offset, uint64_t bytes,
                       const char *name);

/** Reads on to the end of the stream; an error when more than `limit` bytes come. */
int tar_source_drain(struct tar_source *source, uint64_t limit);

#endif
