/* Processes: making them, waiting for them, telling them things. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"
#include "filter.h"
#include "module.h"
#include "objects.h"

#ifndef SYS_pidfd_open /* Linux 5.3; the number is the same on all architectures */
#define SYS_pidfd_open 434
#endif

/* All that clone(2) may be asked for here: memory, descriptors and threads are never shared. */
enum {
	CLONE_FLAGS = CLONE_PARENT | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
	              CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET
};

static JSValue process_clone(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	uint32_t flags;
	if (runv_uint32(ctx, argv[0], "flags", &flags) < 0)
		return JS_EXCEPTION;
	if ((flags & ~(uint32_t)CLONE_FLAGS) != 0)
		return JS_ThrowRangeError(ctx, "flags: only CLONE_NEW* and CLONE_PARENT are allowed");
	return runv_check_number(ctx,
	                         syscall(SYS_clone, (unsigned long)flags | SIGCHLD, NULL, NULL, NULL, NULL),
	                         "clone", NULL);
}

static JSValue process_unshare(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	uint32_t flags;
	if (runv_uint32(ctx, argv[0], "flags", &flags) < 0)
		return JS_EXCEPTION;
	return runv_check(ctx, unshare((int)flags), "unshare", NULL);
}

static JSValue process_setns(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd;
	uint32_t type;
	if (runv_fd(ctx, argv[0], &fd) < 0 || runv_uint32(ctx, argv[1], "type", &type) < 0)
		return JS_EXCEPTION;
	return runv_check(ctx, syscall(SYS_setns, fd, (int)type), "setns", NULL);
}

/* Loads `filter`, unless it is NULL, and executes, with no other system call in between: the filter may allow no more than that. */
static JSValue execute(JSContext *ctx, JSValueConst *argv, const struct runv_filter *filter)
{
	const char *path = runv_string(ctx, argv[0], "path");
	char **args = path ? runv_string_array(ctx, argv[1], "args") : NULL;
	char **env = args ? runv_string_array(ctx, argv[2], "env") : NULL;
	if (env) {
		const char *call = "seccomp";
		if (!filter || runv_filter_load(filter) == 0) {
			call = "execve";
			execve(path, args, env);
		}
		runv_throw_errno(ctx, errno, call, path);
	}
	runv_string_array_free(ctx, env);
	runv_string_array_free(ctx, args);
	JS_FreeCString(ctx, path);
	return JS_EXCEPTION;
}

static JSValue process_execve(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	return execute(ctx, argv, NULL);
}

static JSValue process_execve_filtered(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	struct runv_filter filter;
	if (runv_filter_read(ctx, argv[3], argv[4], &filter) < 0)
		return JS_EXCEPTION;
	JSValue result = execute(ctx, argv, &filter);
	js_free(ctx, filter.instructions);
	return result;
}

static JSValue process_exit(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int status;
	if (runv_int32(ctx, argv[0], "status", 0, 255, &status) < 0)
		return JS_EXCEPTION;
	_exit(status);
}

static JSValue process_waitpid(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int pid, flags, status;
	if (runv_int32(ctx, argv[0], "pid", INT32_MIN, INT32_MAX, &pid) < 0 ||
	    runv_int32(ctx, argv[1], "flags", 0, INT32_MAX, &flags) < 0)
		return JS_EXCEPTION;
	pid_t found;
	do
		found = waitpid(pid, &status, flags);
	while (found < 0 && errno == EINTR);
	if (found < 0)
		return runv_throw_errno(ctx, errno, "waitpid", NULL);
	if (found == 0)
		return JS_NULL;
	const struct runv_number numbers[] = {
	        {"pid", found},
	        {"exitCode", WIFEXITED(status) ? WEXITSTATUS(status) : 0},
	        {"signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0},
	};
	return runv_number_object(ctx, numbers, sizeof numbers / sizeof numbers[0]);
}

static JSValue process_kill(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int pid, number;
	if (runv_int32(ctx, argv[0], "pid", INT32_MIN, INT32_MAX, &pid) < 0 ||
	    runv_int32(ctx, argv[1], "signal", 0, 64, &number) < 0)
		return JS_EXCEPTION;
	return runv_check(ctx, kill(pid, number), "kill", NULL);
}

static JSValue process_getpid(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc, (void)argv;
	return JS_NewInt32(
	        ctx,
	        (int)syscall(SYS_getpid)); /* never from a C library's cache: clone above goes around it */
}

static JSValue process_getppid(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc, (void)argv;
	return JS_NewInt32(ctx, getppid());
}

static JSValue process_setsid(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc, (void)argv;
	return runv_check_number(ctx, setsid(), "setsid", NULL);
}

static JSValue process_setpgid(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int pid, group;
	if (runv_int32(ctx, argv[0], "pid", 0, INT32_MAX, &pid) < 0 ||
	    runv_int32(ctx, argv[1], "pgid", 0, INT32_MAX, &group) < 0)
		return JS_EXCEPTION;
	return runv_check(ctx, setpgid(pid, group), "setpgid", NULL);
}

static JSValue process_pidfd_open(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int pid;
	if (runv_int32(ctx, argv[0], "pid", 1, INT32_MAX, &pid) < 0)
		return JS_EXCEPTION;
	return runv_check_number(ctx, syscall(SYS_pidfd_open, pid, 0), "pidfd_open", NULL);
}

static const JSCFunctionListEntry exports[] = {
        JS_CFUNC_DEF("clone", 1, process_clone),
        JS_CFUNC_DEF("unshare", 1, process_unshare),
        JS_CFUNC_DEF("setns", 2, process_setns),
        JS_CFUNC_DEF("execve", 3, process_execve),
        JS_CFUNC_DEF("execveFiltered", 5, process_execve_filtered),
        JS_CFUNC_DEF("exit", 1, process_exit),
        JS_CFUNC_DEF("waitpid", 2, process_waitpid),
        JS_CFUNC_DEF("kill", 2, process_kill),
        JS_CFUNC_DEF("getpid", 0, process_getpid),
        JS_CFUNC_DEF("getppid", 0, process_getppid),
        JS_CFUNC_DEF("setsid", 0, process_setsid),
        JS_CFUNC_DEF("setpgid", 2, process_setpgid),
        JS_CFUNC_DEF("pidfdOpen", 1, process_pidfd_open),
};

const struct runv_family runv_family_processes = {exports, RUNV_COUNT(exports), NULL};
