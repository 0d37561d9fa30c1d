/* Descriptors over UNIX sockets: SCM_RIGHTS of unix(7). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"
#include "io.h"
#include "module.h"
#include "objects.h"

enum { MAX_FDS = 253 /* SCM_MAX_FD of the kernel */, MAX_MESSAGE_BYTES = 1 << 20 };

union control {
	struct cmsghdr header; /* for its alignment */
	char space[CMSG_SPACE(MAX_FDS * sizeof(int))];
};

static ssize_t send_message(int socket, const char *data, size_t length, const int64_t *fds, size_t count)
{
	union control control;
	struct iovec piece = {(void *)(uintptr_t)data, length};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
	if (count > 0) {
		memset(&control, 0, sizeof control);
		message.msg_control = control.space;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(count * sizeof(int));
		int *slots = (int *)(void *)CMSG_DATA(header);
		for (size_t index = 0; index < count; index++)
			slots[index] = (int)fds[index];
	}
	ssize_t sent;
	do
		sent = sendmsg(socket, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0 && (size_t)sent < length) {
		errno = EMSGSIZE; /* a stream socket without room for all of it */
		return -1;
	}
	return sent;
}

static JSValue send_with_fds(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int socket;
	size_t count, length;
	if (runv_fd(ctx, argv[0], &socket) < 0)
		return JS_EXCEPTION;
	int64_t *fds = runv_int_array(ctx, argv[2], "fds", 0, INT32_MAX, &count);
	if (!fds)
		return JS_EXCEPTION;
	JSValue result = JS_EXCEPTION;
	const char *data = runv_text(ctx, argv[1], "data", &length);
	if (data && (count > MAX_FDS || length == 0)) {
		result = JS_ThrowRangeError(
		        ctx, count > MAX_FDS ? "fds: more than %d" : "data: not even one byte", MAX_FDS);
	} else if (data) {
		result = runv_check(ctx, send_message(socket, data, length, fds, count), "sendmsg", NULL);
	}
	JS_FreeCString(ctx, data);
	js_free(ctx, fds);
	return result;
}

/* Collects received descriptors. The kernel installs as many as the buffer has room for, which its padding may make one too many. */
static size_t take_fds(struct msghdr *message, int fds[static MAX_FDS])
{
	size_t count = 0;
	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		size_t here = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t index = 0; index < here; index++) {
			int fd;
			memcpy(&fd, CMSG_DATA(header) + index * sizeof fd, sizeof fd);
			if (count < MAX_FDS)
				fds[count++] = fd;
			else
				close(fd);
		}
	}
	return count;
}

static JSValue received(JSContext *ctx, const uint8_t *data, size_t length, const int *fds, size_t count)
{
	JSValue object = JS_NewObject(ctx);
	if (JS_IsException(object))
		return object;
	JS_DefinePropertyValueStr(ctx, object, "data", runv_new_bytes(ctx, data, length), JS_PROP_C_W_E);
	JS_DefinePropertyValueStr(ctx, object, "fds", runv_fd_array(ctx, fds, count), JS_PROP_C_W_E);
	return object;
}

static JSValue receive(JSContext *ctx, int socket, struct iovec piece, size_t max_fds)
{
	union control control;
	int fds[MAX_FDS];
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.space};
	message.msg_controllen = max_fds > 0 ? CMSG_SPACE(max_fds * sizeof(int)) : 0;
	ssize_t length;
	do
		length = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (length < 0 && errno == EINTR);
	if (length < 0)
		return runv_throw_errno(ctx, errno, "recvmsg", NULL);
	size_t count = take_fds(&message, fds);
	if (count <= max_fds && (message.msg_flags & MSG_CTRUNC) == 0)
		return received(ctx, piece.iov_base, (size_t)length, fds, count);
	for (size_t index = 0; index < count; index++)
		close(fds[index]);
	return runv_throw_code(ctx, EMSGSIZE, "recvmsg", "more descriptors than allowed: recvmsg");
}

static JSValue receive_with_fds(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int socket, max_bytes, max_fds;
	if (runv_fd(ctx, argv[0], &socket) < 0 ||
	    runv_int32(ctx, argv[1], "maxBytes", 1, MAX_MESSAGE_BYTES, &max_bytes) < 0 ||
	    runv_int32(ctx, argv[2], "maxFds", 0, MAX_FDS, &max_fds) < 0)
		return JS_EXCEPTION;
	struct iovec piece = {js_malloc(ctx, (size_t)max_bytes), (size_t)max_bytes};
	if (!piece.iov_base)
		return JS_EXCEPTION;
	JSValue result = receive(ctx, socket, piece, (size_t)max_fds);
	js_free(ctx, piece.iov_base);
	return result;
}

static const JSCFunctionListEntry exports[] = {
        JS_CFUNC_DEF("sendWithFds", 3, send_with_fds),
        JS_CFUNC_DEF("receiveWithFds", 3, receive_with_fds),
};

const struct runv_family runv_family_fd_passing = {exports, RUNV_COUNT(exports), NULL};
