/*
 * The only program of the benchmarks' bare guest. With "serve" on the kernel's command line it is the far end of a bare carrier: on
 * port 5000 it takes bytes until their end and answers with one, on port 5001 it sends as many bytes as the first line asks
 * for. Otherwise it ends the machine at once.
 */
#include <linux/vm_sockets.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <unistd.h>

#define SINK_PORT 5000
#define SOURCE_PORT 5001
#define BUFFER_BYTES (256 * 1024)
#define NUMBER_BYTES 32

static char buffer[BUFFER_BYTES];

static int listen_on(unsigned int port)
{
	int fd = socket(AF_VSOCK, SOCK_STREAM, 0);
	struct sockaddr_vm address = {.svm_family = AF_VSOCK, .svm_port = port, .svm_cid = VMADDR_CID_ANY};
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 4) < 0)
		reboot(RB_AUTOBOOT);
	return fd;
}

static void take_all(int fd)
{
	while (read(fd, buffer, sizeof buffer) > 0)
		;
	(void)!write(fd, "x", 1);
}

static void send_what_is_asked(int fd)
{
	char number[NUMBER_BYTES + 1] = {0};
	if (read(fd, number, NUMBER_BYTES) <= 0)
		return;
	long long left = atoll(number);
	while (left > 0) {
		ssize_t written = write(fd, buffer, left < BUFFER_BYTES ? (size_t)left : BUFFER_BYTES);
		if (written <= 0)
			return;
		left -= written;
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
	if (argc < 2 || strcmp(argv[argc - 1], "serve") != 0) {
		reboot(RB_AUTOBOOT);
		return 1;
	}
	int sink = listen_on(SINK_PORT);
	int source = listen_on(SOURCE_PORT);
	if (fork() == 0)
		serve(sink, take_all);
	serve(source, send_what_is_asked);
}
