#include "tar-source.h"

#include "tar-error.h"
#include "tar-format.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int tar_source_open(struct tar_source *source, int fd, struct tar_error *error)
{
	*source = (struct tar_source){.fd = fd, .error = error, .buffer = malloc(TAR_BUFFER_BYTES)};
	return source->buffer ? 0 : tar_fail(error, "malloc", "archive", 7);
}

void tar_source_close(struct tar_source *source)
{
	free(source->buffer);
	source->buffer = NULL;
}

static int wait_readable(struct tar_source *source)
{
	struct pollfd waited = {.fd = source->fd, .events = POLLIN};
	while (poll(&waited, 1, -1) < 0)
		if (errno != EINTR)
			return tar_fail(source->error, "poll", "archive", 7);
	return 0;
}

/** One read behind what is buffered. Returns the bytes, 0 at the end of the stream, -1 on failure. */
static ssize_t read_more(struct tar_source *source)
{
	for (;;) {
		ssize_t got = read(source->fd, source->buffer + source->end, TAR_BUFFER_BYTES - source->end);
		if (got >= 0) {
			source->end += (size_t)got;
			return got;
		}
		if (errno == EAGAIN) {
			if (wait_readable(source) < 0)
				return -1;
		} else if (errno != EINTR) {
			return tar_fail(source->error, "read", "archive", 7);
		}
	}
}

static int truncated(struct tar_source *source)
{
	return tar_reject(source->error, NULL, 0, "the archive is cut off: the stream ended inside it");
}

int tar_source_take(struct tar_source *source, size_t bytes, const void **data)
{
	if (source->end - source->start < bytes && source->start + bytes > TAR_BUFFER_BYTES) {
		memmove(source->buffer, source->buffer + source->start, source->end - source->start);
		source->end -= source->start;
		source->start = 0;
	}
	while (source->end - source->start < bytes) {
		if (source->start == source->end)
			source->start = source->end = 0;
		ssize_t got = read_more(source);
		if (got < 0)
			return -1;
		if (got == 0)
			return source->start == source->end ? 0 : truncated(source);
	}
	*data = source->buffer + source->start;
	source->start += bytes;
	return 1;
}

/** At least one buffered byte, else an error. Returns how many of at most `wanted` there are. */
static ssize_t buffered(struct tar_source *source, uint64_t wanted)
{
	if (source->start == source->end) {
		source->start = source->end = 0;
		ssize_t got = read_more(source);
		if (got <= 0)
			return got < 0 ? -1 : truncated(source);
	}
	size_t ready = source->end - source->start;
	return (ssize_t)(ready < wanted ? ready : wanted);
}

int tar_source_read(struct tar_source *source, void *data, size_t bytes)
{
	unsigned char *out = data;
	while (bytes > 0) {
		ssize_t ready = buffered(source, bytes);
		if (ready < 0)
			return -1;
		memcpy(out, source->buffer + source->start, (size_t)ready);
		source->start += (size_t)ready;
		out += ready;
		bytes -= (size_t)ready;
	}
	return 0;
}

int tar_source_skip(struct tar_source *source, uint64_t bytes)
{
	while (bytes > 0) {
		ssize_t ready = buffered(source, bytes);
		if (ready < 0)
			return -1;
		source->start += (size_t)ready;
		bytes -= (uint64_t)ready;
	}
	return 0;
}

int tar_source_to_file(struct tar_source *source, int file, uint64_t offset, uint64_t bytes, const char *name)
{
	while (bytes > 0) {
		ssize_t ready = buffered(source, bytes);
		if (ready < 0)
			return -1;
		ssize_t put = pwrite(file, source->buffer + source->start, (size_t)ready, (off_t)offset);
		if (put < 0) {
			if (errno == EINTR)
				continue;
			return tar_fail(source->error, "pwrite", name, strlen(name));
		}
		source->start += (size_t)put;
		offset += (uint64_t)put;
		bytes -= (uint64_t)put;
	}
	return 0;
}

int tar_source_drain(struct tar_source *source, uint64_t limit)
{
	uint64_t seen = source->end - source->start;
	while (seen <= limit) {
		source->start = source->end = 0;
		ssize_t got = read_more(source);
		if (got <= 0)
			return (int)got;
		seen += (uint64_t)got;
	}
	return tar_reject(source->error, NULL, 0, "more than %llu bytes follow the end mark of the archive",
	                  (unsigned long long)limit);
}
