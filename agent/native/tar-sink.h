/* The archive on its way out: one big buffer, and file content that need not pass through it. */
#ifndef RUNV_TAR_SINK_H
#define RUNV_TAR_SINK_H

#include "tar.h"

#include <stddef.h>

struct tar_sink {
	int fd;
	unsigned char *buffer;
	size_t used;
	/** sendfile(2) has been refused for this sink: content is copied. */
	bool no_sendfile;
	struct tar_error *error;
};

int tar_sink_open(struct tar_sink *sink, int fd, struct tar_error *error);
void tar_sink_close(struct tar_sink *sink);
int tar_sink_flush(struct tar_sink *sink);
int tar_sink_write(struct tar_sink *sink, const void *data, size_t bytes);
int tar_sink_zeros(struct tar_sink *sink, uint64_t bytes);

/**
 * Sends `bytes` of `file` from `offset` on. `*missing` is how many of them the file no longer had: zeros
 * stand in for them. `name` is for the error.
 */
int tar_sink_file(struct tar_sink *sink, int file, uint64_t offset, uint64_t bytes, uint64_t *missing,
                  const char *name);

#endif
