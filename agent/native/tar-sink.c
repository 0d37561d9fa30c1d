#include "tar-sink.h"

#include "tar-error.h"
#include "tar-format.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

/** From this size on content goes out by sendfile(2); smaller files share writes. */
enum { SENDFILE_BYTES = 128 * 1024 };

int tar_sink_open(struct tar_sink *sink, int fd, struct tar_error *error)
{
	*sink = (struct tar_sink){.fd = fd, .error = error, .buffer = malloc(TAR_SINK_BUFFER_BYTES)};
	return sink->buffer ? 0 : tar_fail(error, "malloc", "archive", 7);
}

void tar_sink_close(struct tar_sink *sink)
{
	free(sink->buffer);
	sink->buffer = NULL;
}

/** After a call on the sink failed: 0 to try again, -1 on a real failure. */
static int recover(struct tar_sink *sink, const char *call)
{
	struct pollfd waited = {.fd = sink->fd, .events = POLLOUT};
	if (errno == EINTR)
		return 0;
	if (errno != EAGAIN)
		return tar_fail(sink->error, call, "archive", 7);
	while (poll(&waited, 1, -1) < 0)
		if (errno != EINTR)
			return tar_fail(sink->error, "poll", "archive", 7);
	return 0;
}

int tar_sink_flush(struct tar_sink *sink)
{
	size_t at = 0;
	while (at < sink->used) {
		ssize_t put = write(sink->fd, sink->buffer + at, sink->used - at);
		if (put >= 0)
			at += (size_t)put;
		else if (recover(sink, "write") < 0)
			return -1;
	}
	sink->used = 0;
	return 0;
}

/** Room for at least one byte. Returns how much there is, up to `wanted`; 0 on failure. */
static size_t room(struct tar_sink *sink, uint64_t wanted)
{
	if (sink->used == TAR_SINK_BUFFER_BYTES && tar_sink_flush(sink) < 0)
		return 0;
	size_t free_bytes = TAR_SINK_BUFFER_BYTES - sink->used;
	return free_bytes < wanted ? free_bytes : (size_t)wanted;
}

int tar_sink_write(struct tar_sink *sink, const void *data, size_t bytes)
{
	const unsigned char *from = data;
	while (bytes > 0) {
		size_t part = room(sink, bytes);
		if (part == 0)
			return -1;
		memcpy(sink->buffer + sink->used, from, part);
		sink->used += part;
		from += part;
		bytes -= part;
	}
	return 0;
}

int tar_sink_zeros(struct tar_sink *sink, uint64_t bytes)
{
	while (bytes > 0) {
		size_t part = room(sink, bytes);
		if (part == 0)
			return -1;
		memset(sink->buffer + sink->used, 0, part);
		sink->used += part;
		bytes -= part;
	}
	return 0;
}

/** Through the buffer. Stops at the end of the file; `*done` counts. */
static int copy(struct tar_sink *sink, int file, uint64_t offset, uint64_t bytes, uint64_t *done,
                const char *name)
{
	while (*done < bytes) {
		size_t part = room(sink, bytes - *done);
		if (part == 0)
			return -1;
		ssize_t got = pread(file, sink->buffer + sink->used, part, (off_t)(offset + *done));
		if (got == 0)
			return 0;
		if (got > 0) {
			sink->used += (size_t)got;
			*done += (uint64_t)got;
		} else if (errno != EINTR) {
			return tar_fail(sink->error, "pread", name, strlen(name));
		}
	}
	return 0;
}

/** Past the buffer. Stops at the end of the file or when the sink does not take it this way. */
static int send_directly(struct tar_sink *sink, int file, uint64_t offset, uint64_t bytes, uint64_t *done)
{
	enum { AT_ONCE = 1 << 30 };
	while (*done < bytes) {
		off_t at = (off_t)(offset + *done);
		uint64_t left = bytes - *done;
		ssize_t sent = sendfile(sink->fd, file, &at, left < AT_ONCE ? (size_t)left : AT_ONCE);
		if (sent > 0) {
			*done += (uint64_t)sent;
			continue;
		}
		if (sent == 0)
			return 0;
		/* what else is wrong, with file or sink, the copy finds out and names */
		if (errno != EINTR && errno != EAGAIN) {
			sink->no_sendfile = errno == EINVAL || errno == ENOSYS;
			return 0;
		}
		if (recover(sink, "sendfile") < 0)
			return -1;
	}
	return 0;
}

int tar_sink_file(struct tar_sink *sink, int file, uint64_t offset, uint64_t bytes, uint64_t *missing,
                  const char *name)
{
	uint64_t done = 0;
	if (bytes >= SENDFILE_BYTES && !sink->no_sendfile) {
		if (tar_sink_flush(sink) < 0 || send_directly(sink, file, offset, bytes, &done) < 0)
			return -1;
	}
	if (copy(sink, file, offset, bytes, &done, name) < 0)
		return -1;
	*missing = bytes - done;
	return tar_sink_zeros(sink, *missing);
}
