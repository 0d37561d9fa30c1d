#include "tar-source.h"

#include "tar-error.h"
#include "tar-format.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	/** Of addresses, offsets and lengths: no disk's block is larger than a page. */
	DIRECT_ALIGNMENT = 4096,
	/**
	 * From this size on, content goes to the disk past the page cache, for half the work in the kernel. It would
	 * push everything else out of a small guest's memory and is rarely read again as a whole.
	 */
	DIRECT_BYTES = 4 * TAR_SOURCE_BUFFER_BYTES,
};

int tar_source_open(struct tar_source *source, int fd, struct tar_error *error)
{
	*source = (struct tar_source){.fd = fd, .error = error};
	source->buffer = aligned_alloc(DIRECT_ALIGNMENT, TAR_SOURCE_BUFFER_BYTES);
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
		ssize_t got =
		        read(source->fd, source->buffer + source->end, TAR_SOURCE_BUFFER_BYTES - source->end);
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

static void move_to_front(struct tar_source *source)
{
	memmove(source->buffer, source->buffer + source->start, source->end - source->start);
	source->end -= source->start;
	source->start = 0;
}

int tar_source_take(struct tar_source *source, size_t bytes, const void **data)
{
	if (source->end - source->start < bytes && source->start + bytes > TAR_SOURCE_BUFFER_BYTES)
		move_to_front(source);
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

struct content {
	int file;
	uint64_t offset;
	uint64_t left;
	const char *name;
};

/** Writes from the front of what is buffered, which is `bytes` or more. Returns what pwrite(2) does. */
static ssize_t put(struct tar_source *source, struct content *content, size_t bytes)
{
	ssize_t written;
	do
		written =
		        pwrite(content->file, source->buffer + source->start, bytes, (off_t)content->offset);
	while (written < 0 && errno == EINTR);
	if (written > 0) {
		source->start += (size_t)written;
		content->offset += (uint64_t)written;
		content->left -= (uint64_t)written;
	}
	return written;
}

static int put_failed(struct tar_source *source, const struct content *content)
{
	return tar_fail(source->error, "pwrite", content->name, strlen(content->name));
}

/** At least `bytes` from the buffer's first address on. */
static int fill_front(struct tar_source *source, size_t bytes)
{
	move_to_front(source);
	while (source->end < bytes) {
		ssize_t got = read_more(source);
		if (got <= 0)
			return got < 0 ? -1 : truncated(source);
	}
	return 0;
}

static int put_aligned(struct tar_source *source, struct content *content)
{
	while (content->left >= DIRECT_ALIGNMENT && content->offset % DIRECT_ALIGNMENT == 0) {
		size_t bytes = TAR_SOURCE_BUFFER_BYTES;
		if (content->left < bytes)
			bytes = content->left / DIRECT_ALIGNMENT * DIRECT_ALIGNMENT;
		if (fill_front(source, bytes) < 0)
			return -1;
		if (put(source, content, bytes) < 0)
			return errno == EINVAL ? 0 : put_failed(source, content);
	}
	return 0;
}

/** As much as possible past the page cache; the rest, down to all of it, is left to the caller. */
static int put_directly(struct tar_source *source, struct content *content)
{
	int flags = fcntl(content->file, F_GETFL);
	if (flags < 0 || fcntl(content->file, F_SETFL, flags | O_DIRECT) < 0)
		return 0;
	int result = put_aligned(source, content);
	if (fcntl(content->file, F_SETFL, flags) < 0 && result == 0)
		return tar_fail(source->error, "fcntl", content->name, strlen(content->name));
	return result;
}

int tar_source_to_file(struct tar_source *source, int file, uint64_t offset, uint64_t bytes, const char *name)
{
	struct content content = {.file = file, .offset = offset, .left = bytes, .name = name};
	if (bytes >= DIRECT_BYTES && put_directly(source, &content) < 0)
		return -1;
	while (content.left > 0) {
		ssize_t ready = buffered(source, content.left);
		if (ready < 0)
			return -1;
		if (put(source, &content, (size_t)ready) < 0)
			return put_failed(source, &content);
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
