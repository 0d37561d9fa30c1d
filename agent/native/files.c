/* Calls on open files and descriptors. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"
#include "io.h"
#include "loop.h"
#include "module.h"
#include "objects.h"
#include "stat.h"
#include "text.h"

enum { FIRST_BUFFER_BYTES = 4096, MAX_READ_BYTES = 1 << 30 };

static JSValue file_open(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	uint32_t flags, mode;
	if (runv_uint32(ctx, argv[1], "flags", &flags) < 0 ||
	    runv_optional_uint32(ctx, argv[2], "mode", 0, &mode) < 0)
		return JS_EXCEPTION;
	const char *path = runv_string(ctx, argv[0], "path");
	if (!path)
		return JS_EXCEPTION;
	int fd;
	do
		fd = open(path, (int)flags | O_CLOEXEC, mode);
	while (fd < 0 && errno == EINTR);
	JSValue result = runv_check_number(ctx, fd, "open", path);
	JS_FreeCString(ctx, path);
	return result;
}

static JSValue file_close(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd;
	if (runv_fd(ctx, argv[0], &fd) < 0 || runv_loop_forget(ctx, fd) < 0)
		return JS_EXCEPTION;
	/* Linux has closed it even when it says EINTR. */
	return runv_check(ctx, close(fd) < 0 && errno != EINTR ? -1 : 0, "close", NULL);
}

static JSValue file_read(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd, max;
	if (runv_fd(ctx, argv[0], &fd) < 0 ||
	    runv_int32(ctx, argv[1], "maxBytes", 1, MAX_READ_BYTES, &max) < 0)
		return JS_EXCEPTION;
	uint8_t *buffer = js_malloc(ctx, (size_t)max);
	if (!buffer)
		return JS_EXCEPTION;
	ssize_t count;
	do
		count = read(fd, buffer, (size_t)max);
	while (count < 0 && errno == EINTR);
	JSValue result = count < 0 ? runv_throw_errno(ctx, errno, "read", NULL)
	                           : runv_new_bytes(ctx, buffer, (size_t)count);
	js_free(ctx, buffer);
	return result;
}

static JSValue file_write(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd;
	struct runv_bytes data;
	if (runv_fd(ctx, argv[0], &fd) < 0 || runv_bytes_or_string(ctx, argv[1], "data", &data) < 0)
		return JS_EXCEPTION;
	ssize_t count;
	do
		count = write(fd, data.data, data.length);
	while (count < 0 && errno == EINTR);
	JSValue result = runv_check_number(ctx, count, "write", NULL);
	runv_bytes_release(ctx, &data);
	return result;
}

/* The rest of a file, at most `max` bytes; NULL with errno. Release with free(3). */
static uint8_t *read_rest(int fd, size_t max, size_t *length)
{
	size_t capacity = FIRST_BUFFER_BYTES, used = 0;
	uint8_t *buffer = malloc(capacity);
	while (buffer) {
		ssize_t count = read(fd, buffer + used, capacity - used);
		if (count < 0 && errno == EINTR)
			continue;
		if (count == 0 && used <= max) {
			*length = used;
			return buffer;
		}
		if (count > 0)
			used += (size_t)count;
		else if (count == 0)
			errno = EFBIG;
		if (used > max)
			errno = EFBIG;
		if (count <= 0 || used > max)
			break;
		if (used < capacity)
			continue;
		capacity *= 2;
		uint8_t *grown = realloc(buffer, capacity);
		if (!grown)
			break;
		buffer = grown;
	}
	int kept = errno;
	free(buffer);
	errno = kept;
	return NULL;
}

static JSValue file_read_file(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int max;
	if (runv_int32(ctx, argv[1], "maxBytes", 0, MAX_READ_BYTES, &max) < 0)
		return JS_EXCEPTION;
	const char *path = runv_string(ctx, argv[0], "path");
	if (!path)
		return JS_EXCEPTION;
	size_t length = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *text = fd < 0 ? NULL : read_rest(fd, (size_t)max, &length);
	if (fd >= 0)
		runv_close_keep_errno(fd);
	JSValue result = text ? runv_decode_utf8(ctx, text, length)
	                      : runv_throw_errno(ctx, errno, fd < 0 ? "open" : "read", path);
	free(text);
	JS_FreeCString(ctx, path);
	return result;
}

static JSValue write_file(JSContext *ctx, const char *path, const struct runv_bytes *data, uint32_t flags,
                          uint32_t mode)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | (int)flags, mode);
	if (fd < 0)
		return runv_throw_errno(ctx, errno, "open", path);
	int status = runv_write_all(fd, data->data, data->length);
	int failure = errno;
	if (close(fd) < 0 && status == 0 &&
	    errno != EINTR) { /* 9p and others report a failed write only here */
		status = -1;
		failure = errno;
	}
	errno = failure;
	return runv_check(ctx, status, "write", path);
}

static JSValue file_write_file(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	uint32_t flags, mode;
	struct runv_bytes data;
	if (runv_optional_uint32(ctx, argv[2], "flags", 0, &flags) < 0 ||
	    runv_optional_uint32(ctx, argv[3], "mode", 0, &mode) < 0 ||
	    runv_bytes_or_string(ctx, argv[1], "data", &data) < 0)
		return JS_EXCEPTION;
	const char *path = runv_string(ctx, argv[0], "path");
	JSValue result = path ? write_file(ctx, path, &data, flags, mode) : JS_EXCEPTION;
	JS_FreeCString(ctx, path);
	runv_bytes_release(ctx, &data);
	return result;
}

static JSValue file_write_at(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd;
	int64_t offset;
	struct runv_bytes data;
	if (runv_fd(ctx, argv[0], &fd) < 0 ||
	    runv_int64(ctx, argv[2], "offsetBytes", 0, INT64_C(1) << 53, &offset) < 0 ||
	    runv_bytes(ctx, argv[1], "data", &data) < 0)
		return JS_EXCEPTION;
	while (data.length > 0) {
		ssize_t count = pwrite(fd, data.data, data.length, offset);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return runv_throw_errno(ctx, errno, "pwrite", NULL);
		data.data += count;
		data.length -= (size_t)count;
		offset += count;
	}
	return JS_UNDEFINED;
}

static JSValue file_fstat(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd;
	struct stat status;
	if (runv_fd(ctx, argv[0], &fd) < 0)
		return JS_EXCEPTION;
	if (fstat(fd, &status) < 0)
		return runv_throw_errno(ctx, errno, "fstat", NULL);
	return runv_stat_object(ctx, &status);
}

static JSValue file_fchown(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd;
	uint32_t uid, gid;
	if (runv_fd(ctx, argv[0], &fd) < 0 || runv_uint32(ctx, argv[1], "uid", &uid) < 0 ||
	    runv_uint32(ctx, argv[2], "gid", &gid) < 0)
		return JS_EXCEPTION;
	return runv_check(ctx, fchown(fd, uid, gid), "fchown", NULL);
}

static JSValue file_fchdir(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd;
	if (runv_fd(ctx, argv[0], &fd) < 0)
		return JS_EXCEPTION;
	return runv_check(ctx, fchdir(fd), "fchdir", NULL);
}

static JSValue file_truncate(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd;
	int64_t size;
	if (runv_fd(ctx, argv[0], &fd) < 0 ||
	    runv_int64(ctx, argv[1], "sizeBytes", 0, INT64_C(1) << 53, &size) < 0)
		return JS_EXCEPTION;
	return runv_check(ctx, ftruncate(fd, size), "ftruncate", NULL);
}

static JSValue file_memfd(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	const unsigned close_on_exec = 1; /* MFD_CLOEXEC */
	const char *name = runv_string(ctx, argv[0], "name");
	if (!name)
		return JS_EXCEPTION;
	JSValue result =
	        runv_check_number(ctx, syscall(SYS_memfd_create, name, close_on_exec), "memfd_create", name);
	JS_FreeCString(ctx, name);
	return result;
}

static const JSCFunctionListEntry exports[] = {
        JS_CFUNC_DEF("open", 3, file_open),          JS_CFUNC_DEF("close", 1, file_close),
        JS_CFUNC_DEF("read", 2, file_read),          JS_CFUNC_DEF("write", 2, file_write),
        JS_CFUNC_DEF("readFile", 2, file_read_file), JS_CFUNC_DEF("writeFile", 4, file_write_file),
        JS_CFUNC_DEF("writeAt", 3, file_write_at),   JS_CFUNC_DEF("fstat", 1, file_fstat),
        JS_CFUNC_DEF("fchown", 3, file_fchown),      JS_CFUNC_DEF("fchdir", 1, file_fchdir),
        JS_CFUNC_DEF("truncate", 2, file_truncate),  JS_CFUNC_DEF("memfd", 1, file_memfd),
};

const struct runv_family runv_family_files = {exports, RUNV_COUNT(exports), NULL};
