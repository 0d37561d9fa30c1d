/*
 * Prints one line for every thread that ends on this machine: its process, its process's parent, its CPU time and its name.
 * The kernel tells it over netlink (Linux: Documentation/accounting/taskstats.rst); the times are exact, where those of wait4(2)
 * would mix a monitor with the virtual machine that it waited for. Starts with the line "ready"; ends with its stdin.
 */
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_BYTES (4 * 1024 * 1024)
#define MESSAGE_BYTES 65536
/* The kernel's own macro, without its sign. */
#define ATTRIBUTE_HEADER_BYTES sizeof(struct nlattr)

static size_t aligned(size_t bytes)
{
	return (bytes + NLMSG_ALIGNTO - 1) / NLMSG_ALIGNTO * NLMSG_ALIGNTO;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int open_netlink(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (fd < 0)
		die("exit-times: socket");
	int bytes = RECEIVE_BYTES;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
		die("exit-times: SO_RCVBUFFORCE");
	return fd;
}

/* One generic netlink request with one string attribute. */
static void ask(int fd, uint16_t family, uint8_t command, uint16_t type, const char *text)
{
	char message[256] = {0};
	struct nlmsghdr *header = (struct nlmsghdr *)message;
	struct genlmsghdr *generic = NLMSG_DATA(header);
	struct nlattr *attribute = (struct nlattr *)((char *)generic + GENL_HDRLEN);
	size_t length = strlen(text) + 1;
	attribute->nla_type = type;
	attribute->nla_len = (uint16_t)(ATTRIBUTE_HEADER_BYTES + length);
	memcpy((char *)attribute + ATTRIBUTE_HEADER_BYTES, text, length);
	generic->cmd = command;
	generic->version = 1;
	header->nlmsg_len = (uint32_t)(NLMSG_LENGTH(GENL_HDRLEN) + aligned(attribute->nla_len));
	header->nlmsg_type = family;
	header->nlmsg_flags = NLM_F_REQUEST;
	if (send(fd, message, header->nlmsg_len, 0) < 0)
		die("exit-times: send");
}

/* The attribute of a type in a run of attributes; NULL when it is not there. */
static const struct nlattr *find(const char *start, size_t bytes, uint16_t type)
{
	size_t offset = 0;
	while (offset + ATTRIBUTE_HEADER_BYTES <= bytes) {
		const struct nlattr *attribute = (const struct nlattr *)(start + offset);
		if (attribute->nla_len < ATTRIBUTE_HEADER_BYTES || offset + attribute->nla_len > bytes)
			return NULL;
		if (attribute->nla_type == type)
			return attribute;
		offset += aligned(attribute->nla_len);
	}
	return NULL;
}

static const struct nlattr *find_in_message(const struct nlmsghdr *header, uint16_t type)
{
	const char *start = (const char *)NLMSG_DATA(header) + GENL_HDRLEN;
	return find(start, header->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN), type);
}

static uint16_t find_family(int fd)
{
	static char message[MESSAGE_BYTES];
	ask(fd, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, TASKSTATS_GENL_NAME);
	if (recv(fd, message, sizeof message, 0) < 0)
		die("exit-times: recv");
	const struct nlattr *id = find_in_message((struct nlmsghdr *)message, CTRL_ATTR_FAMILY_ID);
	if (id == NULL) {
		fputs("exit-times: the kernel has no taskstats\n", stderr);
		exit(1);
	}
	uint16_t family;
	memcpy(&family, (const char *)id + ATTRIBUTE_HEADER_BYTES, sizeof family);
	return family;
}

static void print_exit(const struct nlmsghdr *header)
{
	const struct nlattr *aggregate = find_in_message(header, TASKSTATS_TYPE_AGGR_PID);
	if (aggregate == NULL)
		return;
	const char *inner = (const char *)aggregate + ATTRIBUTE_HEADER_BYTES;
	const struct nlattr *attribute =
	        find(inner, aggregate->nla_len - ATTRIBUTE_HEADER_BYTES, TASKSTATS_TYPE_STATS);
	if (attribute == NULL)
		return;
	struct taskstats stats = {0};
	size_t bytes = attribute->nla_len - ATTRIBUTE_HEADER_BYTES;
	memcpy(&stats, (const char *)attribute + ATTRIBUTE_HEADER_BYTES,
	       bytes < sizeof stats ? bytes : sizeof stats);
	unsigned long long cpu_us = stats.cpu_run_virtual_total / 1000;
	printf("%u %u %u %llu %.*s\n", stats.ac_pid, stats.ac_tgid, stats.ac_ppid, cpu_us,
	       (int)sizeof stats.ac_comm, stats.ac_comm);
}

static void print_exits(int fd)
{
	static char message[MESSAGE_BYTES];
	ssize_t length = recv(fd, message, sizeof message, 0);
	if (length < 0)
		die("exit-times: recv");
	for (size_t offset = 0; offset + NLMSG_HDRLEN <= (size_t)length;) {
		const struct nlmsghdr *header = (struct nlmsghdr *)(message + offset);
		if (header->nlmsg_len < NLMSG_HDRLEN || offset + header->nlmsg_len > (size_t)length)
			break;
		print_exit(header);
		offset += aligned(header->nlmsg_len);
	}
	fflush(stdout);
}

int main(void)
{
	int fd = open_netlink();
	uint16_t family = find_family(fd);
	char cpus[32];
	snprintf(cpus, sizeof cpus, "0-%ld", sysconf(_SC_NPROCESSORS_CONF) - 1);
	ask(fd, family, TASKSTATS_CMD_GET, TASKSTATS_CMD_ATTR_REGISTER_CPUMASK, cpus);
	puts("ready");
	fflush(stdout);
	struct pollfd watched[] = {{.fd = fd, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
	for (;;) {
		if (poll(watched, 2, -1) < 0)
			die("exit-times: poll");
		if (watched[0].revents != 0)
			print_exits(fd);
		else if (watched[1].revents != 0)
			return 0;
	}
}
