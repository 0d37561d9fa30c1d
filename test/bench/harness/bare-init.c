/*
 * The only program of the benchmarks' bare guest. With "serve" on the kernel's command line it is the far end of a bare carrier: a
 * connection begins with a number of bytes in 16 digits, so many bytes are taken on port 5000 and answered with one, and so
 * many are sent on port 5001. The end of a stream would not do for a mark: vhost-device-vsock takes a host that has ended its
 * half for one that is gone. With the path of a device, or the name of a virtio port, it is the far end of that, and of port 5002: a letter and 16
 * digits, again and again, for bytes to take (T), to send (S) or to send back as they come (E). Otherwise it ends the machine at once.
 */
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#define SINK_PORT 5000
#define SOURCE_PORT 5001
#define TALK_PORT 5002
#define BUFFER_BYTES (256 * 1024)
#define NUMBER_BYTES 16
/* bare-guest.ts waits for it. */
#define LISTENING "bare guest: listening\n"

static char buffer[BUFFER_BYTES];

static int listen_on(unsigned int port)
{
	int fd = socket(AF_VSOCK, SOCK_STREAM, 0);
	struct sockaddr_vm address = {.svm_family = AF_VSOCK, .svm_port = port, .svm_cid = VMADDR_CID_ANY};
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 4) < 0)
		reboot(RB_AUTOBOOT);
	return fd;
}

/* How many bytes the connection is about; negative when it ends before it has said so. */
static long long read_number(int fd)
{
	char digits[NUMBER_BYTES + 1] = {0};
	for (ssize_t have = 0; have < NUMBER_BYTES;) {
		ssize_t got = read(fd, digits + have, (size_t)(NUMBER_BYTES - have));
		if (got <= 0)
			return -1;
		have += got;
	}
	return atoll(digits);
}

static void take_what_is_announced(int fd)
{
	for (long long left = read_number(fd); left != 0;) {
		ssize_t got = read(fd, buffer, sizeof buffer);
		if (got <= 0)
			return;
		left -= got;
	}
	(void)!write(fd, "x", 1);
}

static void send_what_is_asked(int fd)
{
	for (long long left = read_number(fd); left > 0;) {
		ssize_t written = write(fd, buffer, left < BUFFER_BYTES ? (size_t)left : BUFFER_BYTES);
		if (written <= 0)
			return;
		left -= written;
	}
}

static void send_back(int fd)
{
	for (long long left = read_number(fd); left > 0;) {
		ssize_t got = read(fd, buffer, sizeof buffer);
		if (got <= 0 || write(fd, buffer, (size_t)got) != got)
			return;
		left -= got;
	}
}

static void talk(int fd)
{
	char mode;
	while (read(fd, &mode, 1) == 1) {
		if (mode == 'T')
			take_what_is_announced(fd);
		else if (mode == 'S')
			send_what_is_asked(fd);
		else
			send_back(fd);
	}
}

/* Its driver may still be looking for it, and what the host has connected is known later still: reading says "end" until then. */
static void talk_over(const char *device)
{
	struct termios line;
	int fd = -1;
	mount("devtmpfs", "/dev", "devtmpfs", 0, "");
	while (fd < 0) {
		usleep(1000);
		fd = open(device, O_RDWR | O_NOCTTY);
	}
	if (tcgetattr(fd, &line) == 0) {
		cfmakeraw(&line);
		cfsetspeed(&line, B115200);
		tcsetattr(fd, TCSANOW, &line);
	}
	(void)!write(STDOUT_FILENO, LISTENING, sizeof LISTENING - 1);
	for (;;) {
		talk(fd);
		usleep(1000);
	}
}

static void serve(int listener, void (*work)(int fd))
{
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		if (fd < 0)
			continue;
		work(fd);
		close(fd);
	}
}

int main(int argc, char **argv)
{
	if (argc >= 2 && argv[argc - 1][0] == '/')
		talk_over(argv[argc - 1]);
	if (argc < 2 || strcmp(argv[argc - 1], "serve") != 0) {
		reboot(RB_AUTOBOOT);
		return 1;
	}
	int sink = listen_on(SINK_PORT);
	int source = listen_on(SOURCE_PORT);
	int talker = listen_on(TALK_PORT);
	(void)!write(STDOUT_FILENO, LISTENING, sizeof LISTENING - 1);
	if (fork() == 0)
		serve(sink, take_what_is_announced);
	if (fork() == 0)
		serve(talker, talk);
	serve(source, send_what_is_asked);
}
