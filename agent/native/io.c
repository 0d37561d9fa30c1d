#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int runv_write_all(int fd, const uint8_t *data, size_t length)
{
	while (length > 0) {
		ssize_t count = write(fd, data, length);
		if (count < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		data += count;
		length -= (size_t)count;
	}
	return 0;
}

int runv_set_nonblock(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0)
		return -1;
	return fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

int runv_set_cloexec(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFD);
	if (flags < 0)
		return -1;
	return fcntl(fd, F_SETFD, on ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC);
}

void runv_close_keep_errno(int fd)
{
	int kept = errno;
	close(fd);
	errno = kept;
}
