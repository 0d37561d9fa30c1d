/* Descriptors that are a process's stdin, stdout or stderr: ours, or shared with others whose flags must not be touched. */
#ifndef RUNV_STDIO_FD_H
#define RUNV_STDIO_FD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct runv_stdio {
	int fd; /* -1: none */
	enum {
		STDIO_NONBLOCKING, /* O_NONBLOCK is set: try until EAGAIN */
		STDIO_SOCKET,      /* MSG_DONTWAIT does it without the flag */
		STDIO_POLLED,      /* may block: one careful call when poll says so */
	} kind;
	bool is_file; /* never blocks for long, and is always ready */
};

/* Takes `fd` over, also when it fails. `shared`: other processes have the same open file, so O_NONBLOCK is not for us to set. 0 or -1 with errno. */
int runv_stdio_open_source(struct runv_stdio *stdio, int fd, bool shared);
int runv_stdio_open_sink(struct runv_stdio *stdio, int fd, bool shared);

/* As read(2) and write(2), EAGAIN when it would block. */
ssize_t runv_stdio_read(const struct runv_stdio *stdio, uint8_t *bytes, size_t length);
ssize_t runv_stdio_write(const struct runv_stdio *stdio, const uint8_t *bytes, size_t length);

/* Whether a further read or write may be tried in the same turn of the loop. */
static inline bool runv_stdio_repeats(const struct runv_stdio *stdio)
{
	return stdio->kind != STDIO_POLLED;
}

/* Bytes that can be read now; 0 when that cannot be known. */
size_t runv_stdio_readable(const struct runv_stdio *stdio);

void runv_stdio_close(struct runv_stdio *stdio);

#endif
