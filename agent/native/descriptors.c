/* Descriptors themselves: pipes, copies, flags, and closing all but a few. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"
#include "io.h"
#include "module.h"
#include "objects.h"

#ifndef SYS_close_range /* Linux 5.9; the number is the same on all architectures */
#define SYS_close_range 436
#endif

/* Without /proc and close_range(2), descriptors up to here are closed one by one. */
enum { MAX_BLIND_CLOSE = 65536 };

static JSValue fd_pipe(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc, (void)argv;
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return runv_throw_errno(ctx, errno, "pipe2", NULL);
	return runv_fd_array(ctx, ends, 2);
}

static JSValue fd_dup(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd;
	uint32_t least;
	if (runv_fd(ctx, argv[0], &fd) < 0 || runv_optional_uint32(ctx, argv[1], "least", 0, &least) < 0)
		return JS_EXCEPTION;
	return runv_check_number(ctx, fcntl(fd, F_DUPFD_CLOEXEC, least), "dup", NULL);
}

static JSValue fd_dup2(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int from, to;
	if (runv_fd(ctx, argv[0], &from) < 0 || runv_fd(ctx, argv[1], &to) < 0)
		return JS_EXCEPTION;
	if (from == to)
		return runv_check(ctx, runv_set_cloexec(from, false), "dup2", NULL);
	return runv_check(ctx, dup2(from, to), "dup2", NULL);
}

static JSValue fd_set_cloexec(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd;
	if (runv_fd(ctx, argv[0], &fd) < 0)
		return JS_EXCEPTION;
	return runv_check(ctx, runv_set_cloexec(fd, JS_ToBool(ctx, argv[1]) > 0), "fcntl", NULL);
}

static JSValue fd_set_nonblock(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd;
	if (runv_fd(ctx, argv[0], &fd) < 0)
		return JS_EXCEPTION;
	return runv_check(ctx, runv_set_nonblock(fd, JS_ToBool(ctx, argv[1]) > 0), "fcntl", NULL);
}

static bool is_kept(int fd, const int64_t *keep, size_t count)
{
	for (size_t index = 0; index < count; index++) {
		if (keep[index] == fd)
			return true;
	}
	return false;
}

static int ascending(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
	return (a > b) - (a < b);
}

/* The gaps between the kept descriptors, which are sorted; -1 when the kernel does not know the call. */
static int close_gaps(int from, const int64_t *keep, size_t count)
{
	int64_t first = from;
	for (size_t index = 0; index <= count; index++) {
		int64_t last = index < count ? keep[index] - 1 : UINT32_MAX;
		if (last >= first && syscall(SYS_close_range, (unsigned)first, (unsigned)last, 0) < 0)
			return -1;
		if (index < count && keep[index] >= first)
			first = keep[index] + 1;
	}
	return 0;
}

static int close_listed(int from, const int64_t *keep, size_t count)
{
	DIR *open_fds = opendir("/proc/self/fd");
	if (!open_fds)
		return -1;
	const struct dirent *entry;
	while ((entry = readdir(open_fds)) != NULL) {
		int fd = atoi(entry->d_name);
		if (fd >= from && fd != dirfd(open_fds) && !is_kept(fd, keep, count))
			close(fd);
	}
	closedir(open_fds);
	return 0;
}

static void close_blindly(int from, const int64_t *keep, size_t count)
{
	struct rlimit limit;
	int end = MAX_BLIND_CLOSE;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < MAX_BLIND_CLOSE)
		end = (int)limit.rlim_cur;
	for (int fd = from; fd < end; fd++) {
		if (!is_kept(fd, keep, count))
			close(fd);
	}
}

static JSValue fd_close_from(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int from;
	size_t count;
	if (runv_fd(ctx, argv[0], &from) < 0)
		return JS_EXCEPTION;
	int64_t *keep = runv_int_array(ctx, argv[1], "keep", 0, INT32_MAX, &count);
	if (!keep)
		return JS_EXCEPTION;
	qsort(keep, count, sizeof *keep, ascending);
	if (close_gaps(from, keep, count) < 0 && close_listed(from, keep, count) < 0)
		close_blindly(from, keep, count);
	js_free(ctx, keep);
	return JS_UNDEFINED;
}

static const JSCFunctionListEntry exports[] = {
        JS_CFUNC_DEF("pipe", 0, fd_pipe),
        JS_CFUNC_DEF("dup", 2, fd_dup),
        JS_CFUNC_DEF("dup2", 2, fd_dup2),
        JS_CFUNC_DEF("setCloexec", 2, fd_set_cloexec),
        JS_CFUNC_DEF("setNonblock", 2, fd_set_nonblock),
        JS_CFUNC_DEF("closeFrom", 2, fd_close_from),
};

const struct runv_family runv_family_descriptors = {exports, RUNV_COUNT(exports), NULL};
