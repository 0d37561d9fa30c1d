#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"
#include "io.h"
#include "loop.h"
#include "program.h"

enum { SIGNALS_PER_READ = 16 };

static int signal_fd = -1;
static JSValue signal_callback = {.tag = JS_TAG_UNDEFINED};

static void deliver(JSContext *ctx, int fd, uint32_t events, void *opaque)
{
	(void)events, (void)opaque;
	struct signalfd_siginfo received[SIGNALS_PER_READ];
	ssize_t length = read(fd, received, sizeof received);
	for (size_t index = 0; length > 0 && index < (size_t)length / sizeof received[0]; index++) {
		JSValue arguments[] = {JS_NewUint32(ctx, received[index].ssi_signo),
		                       JS_NewUint32(ctx, received[index].ssi_pid)};
		runv_call(ctx, signal_callback, 2, arguments);
		if (signal_fd != fd)
			return; /* a forked child, which has no signals to deliver */
	}
}

static int watch_set(const sigset_t *set)
{
	int fd = signalfd(signal_fd, set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -1;
	if (signal_fd < 0 && runv_loop_watch(fd, EPOLLIN, deliver, NULL) < 0) {
		runv_close_keep_errno(fd);
		return -1;
	}
	signal_fd = fd;
	return sigprocmask(SIG_SETMASK, set, NULL);
}

JSValue runv_signals_watch(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	size_t count;
	sigset_t set;
	if (runv_function(ctx, argv[1], "callback") < 0)
		return JS_EXCEPTION;
	int64_t *signals = runv_int_array(ctx, argv[0], "signals", 1, 64, &count);
	if (!signals)
		return JS_EXCEPTION;
	sigemptyset(&set);
	for (size_t index = 0; index < count; index++)
		sigaddset(&set, (int)signals[index]);
	js_free(ctx, signals);
	if (watch_set(&set) < 0)
		return runv_throw_errno(ctx, errno, "signalfd", NULL);
	JS_FreeValue(ctx, signal_callback);
	signal_callback = JS_DupValue(ctx, argv[1]);
	return JS_UNDEFINED;
}

void runv_signals_release(JSContext *ctx)
{
	if (signal_fd >= 0)
		close(signal_fd);
	signal_fd = -1;
	JS_FreeValue(ctx, signal_callback);
	signal_callback = JS_UNDEFINED;
}

void runv_signals_reset(void)
{
	sigset_t none;
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL); /* those that cannot be set stay */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
