/* Stream sockets: guest ports (AF_VSOCK), UNIX paths, descriptors passed along. */
#include <errno.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"
#include "io.h"
#include "module.h"
#include "objects.h"

enum { BACKLOG = 128 };

/* VHOST_VSOCK_SET_GUEST_CID of linux/vhost.h */
#define SET_GUEST_CID _IOW(0xAF, 0x60, uint64_t)

static struct sockaddr_vm vsock_address(uint32_t cid, uint32_t port)
{
	struct sockaddr_vm address;
	memset(&address, 0, sizeof address);
	address.svm_family = AF_VSOCK;
	address.svm_cid = cid;
	address.svm_port = port;
	return address;
}

/* The descriptor, or the error after closing it. */
static JSValue opened(JSContext *ctx, int fd, int status, const char *name, const char *detail)
{
	if (fd >= 0 && status < 0)
		runv_close_keep_errno(fd);
	return runv_check_number(ctx, status < 0 ? -1 : fd, name, detail);
}

static JSValue socket_vsock_listen(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	uint32_t port;
	if (runv_uint32(ctx, argv[0], "port", &port) < 0)
		return JS_EXCEPTION;
	const struct sockaddr_vm address = vsock_address(VMADDR_CID_ANY, port);
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return runv_throw_errno(ctx, errno, "socket", "AF_VSOCK");
	int status = bind(fd, (const struct sockaddr *)&address, sizeof address);
	if (status == 0)
		status = listen(fd, BACKLOG);
	return opened(ctx, fd, status, "listen", "AF_VSOCK");
}

static JSValue socket_vsock_connect(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	uint32_t cid, port;
	if (runv_uint32(ctx, argv[0], "cid", &cid) < 0 || runv_uint32(ctx, argv[1], "port", &port) < 0)
		return JS_EXCEPTION;
	const struct sockaddr_vm address = vsock_address(cid, port);
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return runv_throw_errno(ctx, errno, "socket", "AF_VSOCK");
	int status = connect(fd, (const struct sockaddr *)&address, sizeof address);
	if (status < 0 && errno == EINPROGRESS)
		status = 0;
	return opened(ctx, fd, status, "connect", "AF_VSOCK");
}

/* -1 with an exception when it does not fit: 107 bytes and a NUL. */
static int unix_address(JSContext *ctx, const char *path, struct sockaddr_un *address)
{
	memset(address, 0, sizeof *address);
	address->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof address->sun_path) {
		runv_throw_errno(ctx, ENAMETOOLONG, "socket", path);
		return -1;
	}
	strcpy(address->sun_path, path);
	return 0;
}

static JSValue unix_listen(JSContext *ctx, const char *path, uint32_t mode)
{
	struct sockaddr_un address;
	if (unix_address(ctx, path, &address) < 0)
		return JS_EXCEPTION;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return runv_throw_errno(ctx, errno, "socket", path);
	mode_t former = umask(~mode & 0777); /* never, not even for a moment, wider than asked for */
	int status = bind(fd, (const struct sockaddr *)&address, sizeof address);
	umask(former);
	if (status == 0)
		status = listen(fd, BACKLOG);
	return opened(ctx, fd, status, "listen", path);
}

static JSValue socket_unix_listen(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	uint32_t mode;
	if (runv_uint32(ctx, argv[1], "mode", &mode) < 0)
		return JS_EXCEPTION;
	const char *path = runv_string(ctx, argv[0], "path");
	if (!path)
		return JS_EXCEPTION;
	JSValue result = unix_listen(ctx, path, mode);
	JS_FreeCString(ctx, path);
	return result;
}

static JSValue unix_connect(JSContext *ctx, const char *path)
{
	struct sockaddr_un address;
	if (unix_address(ctx, path, &address) < 0)
		return JS_EXCEPTION;
	/* Non-blocking from birth: a peer that accepts nothing must not stop the caller. */
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return runv_throw_errno(ctx, errno, "socket", path);
	int status = connect(fd, (const struct sockaddr *)&address, sizeof address);
	return opened(ctx, fd, status, "connect", path);
}

static JSValue socket_unix_connect(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	const char *path = runv_string(ctx, argv[0], "path");
	if (!path)
		return JS_EXCEPTION;
	JSValue result = unix_connect(ctx, path);
	JS_FreeCString(ctx, path);
	return result;
}

static JSValue socket_pair(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc, (void)argv;
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return runv_throw_errno(ctx, errno, "socketpair", NULL);
	return runv_fd_array(ctx, ends, 2);
}

static JSValue socket_accept(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int listener;
	struct sockaddr_storage peer;
	if (runv_fd(ctx, argv[0], &listener) < 0)
		return JS_EXCEPTION;
	for (;;) {
		socklen_t length = sizeof peer;
		int fd = accept4(listener, (struct sockaddr *)&peer, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			bool is_vsock = length >= sizeof(struct sockaddr_vm) && peer.ss_family == AF_VSOCK;
			double cid = is_vsock ? (double)((const struct sockaddr_vm *)&peer)->svm_cid : -1;
			const struct runv_number numbers[] = {{"fd", fd}, {"cid", cid}};
			return runv_number_object(ctx, numbers, 2);
		}
		if (errno == EAGAIN)
			return JS_NULL;
		if (errno != EINTR && errno != ECONNABORTED)
			return runv_throw_errno(ctx, errno, "accept", NULL);
	}
}

static JSValue socket_error(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd, pending = 0;
	socklen_t length = sizeof pending;
	if (runv_fd(ctx, argv[0], &fd) < 0)
		return JS_EXCEPTION;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &pending, &length) < 0)
		return runv_throw_errno(ctx, errno, "getsockopt", NULL);
	return pending ? runv_throw_errno(ctx, pending, "connect", NULL) : JS_UNDEFINED;
}

/* What it is before anything is done with it: socket(7). */
static JSValue socket_facts(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd, type, accepts;
	struct sockaddr_storage peer;
	socklen_t type_size = sizeof type, accepts_size = sizeof accepts, peer_size = sizeof peer;
	if (runv_fd(ctx, argv[0], &fd) < 0)
		return JS_EXCEPTION;
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &accepts_size) < 0)
		return runv_throw_errno(ctx, errno, "getsockopt", NULL);
	bool connected = getpeername(fd, (struct sockaddr *)&peer, &peer_size) == 0;
	const struct runv_number numbers[] = {
	        {"type", type}, {"acceptsConnections", accepts}, {"connected", connected}};
	return runv_number_object(ctx, numbers, RUNV_COUNT(numbers));
}

static JSValue socket_shutdown(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd, how;
	if (runv_fd(ctx, argv[0], &fd) < 0 || runv_int32(ctx, argv[1], "how", SHUT_RD, SHUT_RDWR, &how) < 0)
		return JS_EXCEPTION;
	return runv_check(ctx, shutdown(fd, how), "shutdown", NULL);
}

static JSValue socket_set_guest_cid(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd;
	uint32_t cid;
	if (runv_fd(ctx, argv[0], &fd) < 0 || runv_uint32(ctx, argv[1], "cid", &cid) < 0)
		return JS_EXCEPTION;
	const uint64_t wide = cid;
	return runv_check(ctx, ioctl(fd, SET_GUEST_CID, &wide), "VHOST_VSOCK_SET_GUEST_CID", NULL);
}

static int bring_up(const char *name)
{
	struct ifreq request;
	if (strlen(name) >= sizeof request.ifr_name) {
		errno = ENODEV;
		return -1;
	}
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	memset(&request, 0, sizeof request);
	strcpy(request.ifr_name, name);
	int status = ioctl(fd, SIOCGIFFLAGS, &request);
	request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
	if (status == 0)
		status = ioctl(fd, SIOCSIFFLAGS, &request);
	runv_close_keep_errno(fd);
	return status;
}

static JSValue socket_interface_up(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	const char *name = runv_string(ctx, argv[0], "name");
	if (!name)
		return JS_EXCEPTION;
	JSValue result = runv_check(ctx, bring_up(name), "SIOCSIFFLAGS", name);
	JS_FreeCString(ctx, name);
	return result;
}

static const JSCFunctionListEntry exports[] = {
        JS_CFUNC_DEF("vsockListen", 1, socket_vsock_listen),
        JS_CFUNC_DEF("vsockConnect", 2, socket_vsock_connect),
        JS_CFUNC_DEF("unixListen", 2, socket_unix_listen),
        JS_CFUNC_DEF("unixConnect", 1, socket_unix_connect),
        JS_CFUNC_DEF("socketpair", 0, socket_pair),
        JS_CFUNC_DEF("accept", 1, socket_accept),
        JS_CFUNC_DEF("socketError", 1, socket_error),
        JS_CFUNC_DEF("socketFacts", 1, socket_facts),
        JS_CFUNC_DEF("shutdown", 2, socket_shutdown),
        JS_CFUNC_DEF("vhostVsockSetCid", 2, socket_set_guest_cid),
        JS_CFUNC_DEF("interfaceUp", 1, socket_interface_up),
};

const struct runv_family runv_family_sockets = {exports, RUNV_COUNT(exports), NULL};
