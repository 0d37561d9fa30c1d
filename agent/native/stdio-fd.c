#include "stdio-fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "io.h"
#include "loop.h"

enum {
	POLLED_WRITE_BYTES = 4096, /* PIPE_BUF: what poll(2) promises room for */
	FIRST_PTY_MAJOR = 136,     /* UNIX98 slaves, Documentation/admin-guide/devices.txt */
	LAST_PTY_MAJOR = 143,
};

static bool is_pty_slave(const struct stat *status)
{
	unsigned number = major(status->st_rdev);
	return S_ISCHR(status->st_mode) && number >= FIRST_PTY_MAJOR && number <= LAST_PTY_MAJOR;
}

/* An open file of our own for the same pipe or terminal, whose O_NONBLOCK is nobody else's. Not for anything else: opening a pty's
 * master makes a new pty, and a device may do something. */
static int reopened(int fd, const struct stat *status)
{
	char path[sizeof "/proc/self/fd/2147483647"];
	if (!S_ISFIFO(status->st_mode) && !is_pty_slave(status))
		return -1;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static int classify(struct runv_stdio *stdio, int fd, bool shared, struct stat *status)
{
	stdio->fd = fd;
	stdio->kind = STDIO_POLLED;
	if (fstat(fd, status) < 0)
		return -1;
	stdio->is_file = S_ISREG(status->st_mode) || S_ISBLK(status->st_mode);
	if (S_ISSOCK(status->st_mode))
		stdio->kind = STDIO_SOCKET;
	if (shared || stdio->kind == STDIO_SOCKET)
		return 0;
	stdio->kind = STDIO_NONBLOCKING;
	return runv_set_nonblock(fd, true);
}

int runv_stdio_open_source(struct runv_stdio *stdio, int fd, bool shared)
{
	struct stat status;
	if (classify(stdio, fd, shared, &status) == 0)
		return 0;
	runv_stdio_close(stdio);
	return -1;
}

int runv_stdio_open_sink(struct runv_stdio *stdio, int fd, bool shared)
{
	struct stat status;
	if (classify(stdio, fd, shared, &status) < 0) {
		runv_stdio_close(stdio);
		return -1;
	}
	int own = shared ? reopened(fd, &status) : -1;
	if (own >= 0) {
		close(fd);
		stdio->fd = own;
		stdio->kind = STDIO_NONBLOCKING;
	}
	return 0;
}

static bool is_ready(int fd, short events)
{
	struct pollfd entry = {.fd = fd, .events = events};
	return poll(&entry, 1, 0) > 0;
}

ssize_t runv_stdio_read(const struct runv_stdio *stdio, uint8_t *bytes, size_t length)
{
	ssize_t count;
	if (stdio->kind == STDIO_POLLED && !is_ready(stdio->fd, POLLIN)) {
		errno = EAGAIN;
		return -1;
	}
	do
		count = stdio->kind == STDIO_SOCKET ? recv(stdio->fd, bytes, length, MSG_DONTWAIT)
		                                    : read(stdio->fd, bytes, length);
	while (count < 0 && errno == EINTR);
	return count;
}

ssize_t runv_stdio_write(const struct runv_stdio *stdio, const uint8_t *bytes, size_t length)
{
	ssize_t count;
	if (stdio->kind == STDIO_POLLED && !stdio->is_file) {
		if (!is_ready(stdio->fd, POLLOUT)) {
			errno = EAGAIN;
			return -1;
		}
		if (length > POLLED_WRITE_BYTES)
			length = POLLED_WRITE_BYTES;
	}
	do
		count = stdio->kind == STDIO_SOCKET
		                ? send(stdio->fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL)
		                : write(stdio->fd, bytes, length);
	while (count < 0 && errno == EINTR);
	return count;
}

size_t runv_stdio_readable(const struct runv_stdio *stdio)
{
	int bytes = 0;
	return ioctl(stdio->fd, FIONREAD, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}

void runv_stdio_close(struct runv_stdio *stdio)
{
	if (stdio->fd < 0)
		return;
	runv_loop_unwatch(stdio->fd);
	runv_close_keep_errno(stdio->fd);
	stdio->fd = -1;
}
