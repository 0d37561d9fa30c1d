/* The loop, its timers and signals as TypeScript sees them. */
#include <errno.h>
#include <stdlib.h>

#include "args.h"
#include "errors.h"
#include "loop.h"
#include "module.h"
#include "program.h"
#include "signals.h"
#include "timers.h"

static const double MS_PER_NS = 1e-6;
static const int64_t MAX_DELAY_MS = INT64_C(1) << 42; /* a century */

/* A watch of TypeScript's: opaque is the callback on the heap. */
static void call_back(JSContext *ctx, int fd, uint32_t events, void *opaque)
{
	(void)fd;
	const JSValue *callback = opaque;
	JSValue argument = JS_NewUint32(ctx, events);
	runv_call(ctx, *callback, 1, &argument);
}

static void release_watch(JSContext *ctx, runv_ready_fn *ready, void *opaque)
{
	JSValue *callback = opaque;
	if (ready != call_back)
		return;
	JS_FreeValue(ctx, *callback);
	js_free(ctx, callback);
}

static void drop_watch(JSContext *ctx, int fd)
{
	void *callback = runv_loop_opaque(fd);
	runv_loop_unwatch(fd);
	release_watch(ctx, call_back, callback);
}

void runv_loop_release(JSContext *ctx)
{
	runv_loop_abandon(ctx, release_watch);
	runv_timers_clear(ctx);
	runv_signals_release(ctx);
	runv_set_uncaught_handler(ctx, JS_UNDEFINED);
}

int runv_loop_forget(JSContext *ctx, int fd)
{
	runv_ready_fn *watcher = runv_loop_watcher(fd);
	if (!watcher)
		return 0;
	if (watcher != call_back) {
		runv_throw_code(ctx, EBUSY, "close",
		                "the descriptor belongs to a pump: cancel or close that");
		return -1;
	}
	drop_watch(ctx, fd);
	return 0;
}

static JSValue loop_watch(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd;
	uint32_t events;
	if (runv_fd(ctx, argv[0], &fd) < 0 || runv_uint32(ctx, argv[1], "events", &events) < 0 ||
	    runv_function(ctx, argv[2], "callback") < 0)
		return JS_EXCEPTION;
	JSValue *callback = js_malloc(ctx, sizeof *callback);
	if (!callback)
		return JS_EXCEPTION;
	if (runv_loop_watch(fd, events, call_back, callback) < 0) {
		js_free(ctx, callback);
		return runv_throw_errno(ctx, errno, "watch", NULL);
	}
	*callback = JS_DupValue(ctx, argv[2]);
	return JS_UNDEFINED;
}

static int own_watch(JSContext *ctx, JSValueConst value, int *fd)
{
	if (runv_fd(ctx, value, fd) < 0)
		return -1;
	if (runv_loop_watcher(*fd) == call_back)
		return 0;
	runv_throw_errno(ctx, ENOENT, "watch", NULL);
	return -1;
}

static JSValue loop_rewatch(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd;
	uint32_t events;
	if (own_watch(ctx, argv[0], &fd) < 0 || runv_uint32(ctx, argv[1], "events", &events) < 0)
		return JS_EXCEPTION;
	return runv_check(ctx, runv_loop_rewatch(fd, events), "rewatch", NULL);
}

static JSValue loop_unwatch(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd;
	if (runv_fd(ctx, argv[0], &fd) < 0)
		return JS_EXCEPTION;
	if (runv_loop_watcher(fd) == call_back)
		drop_watch(ctx, fd);
	return JS_UNDEFINED;
}

static JSValue loop_set_timer(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	double delay_ms;
	if (!JS_IsNumber(argv[0]) || JS_ToFloat64(ctx, &delay_ms, argv[0]) < 0 ||
	    !(delay_ms >= 0 && delay_ms <= (double)MAX_DELAY_MS))
		return JS_ThrowRangeError(ctx, "delayMs: out of range");
	if (runv_function(ctx, argv[1], "callback") < 0)
		return JS_EXCEPTION;
	int64_t id = runv_timer_add(ctx, (int64_t)(delay_ms / MS_PER_NS), argv[1]);
	return id < 0 ? JS_EXCEPTION : JS_NewInt64(ctx, id);
}

static JSValue loop_clear_timer(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int64_t id;
	if (runv_int64(ctx, argv[0], "id", 0, INT64_C(1) << 53, &id) < 0)
		return JS_EXCEPTION;
	runv_timer_remove(ctx, id);
	return JS_UNDEFINED;
}

static JSValue loop_run(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	if (runv_function(ctx, argv[0], "onUncaught") < 0)
		return JS_EXCEPTION;
	if (runv_loop_running())
		return runv_throw_errno(ctx, EBUSY, "runLoop", NULL);
	runv_set_uncaught_handler(ctx, JS_DupValue(ctx, argv[0]));
	int status = runv_loop_run(ctx);
	int failure = errno;
	runv_set_uncaught_handler(ctx, JS_UNDEFINED);
	errno = failure;
	return runv_check(ctx, status, "runLoop", NULL);
}

static JSValue loop_stop(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)ctx, (void)self, (void)argc, (void)argv;
	runv_loop_stop();
	return JS_UNDEFINED;
}

static JSValue loop_after_fork(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc, (void)argv;
	runv_loop_release(ctx);
	runv_signals_reset();
	return JS_UNDEFINED;
}

static JSValue loop_monotonic_ms(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc, (void)argv;
	return JS_NewFloat64(ctx, (double)runv_monotonic_ns() * MS_PER_NS);
}

static const JSCFunctionListEntry exports[] = {
        JS_CFUNC_DEF("watch", 3, loop_watch),
        JS_CFUNC_DEF("rewatch", 2, loop_rewatch),
        JS_CFUNC_DEF("unwatch", 1, loop_unwatch),
        JS_CFUNC_DEF("setTimer", 2, loop_set_timer),
        JS_CFUNC_DEF("clearTimer", 1, loop_clear_timer),
        JS_CFUNC_DEF("watchSignals", 2, runv_signals_watch),
        JS_CFUNC_DEF("runLoop", 1, loop_run),
        JS_CFUNC_DEF("stopLoop", 0, loop_stop),
        JS_CFUNC_DEF("afterFork", 0, loop_after_fork),
        JS_CFUNC_DEF("monotonicMs", 0, loop_monotonic_ms),
};

const struct runv_family runv_family_loop = {exports, RUNV_COUNT(exports), NULL};
