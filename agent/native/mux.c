/* mux of the module: one carrier as an object of TypeScript's. */
#include "mux.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"
#include "io.h"
#include "loop.h"
#include "module.h"

enum { MIN_FRAME_BYTES = 64, MAX_WINDOW_BYTES = 1 << 22, LAST_PORT_NUMBER = 0x7fffffff };

static JSClassID mux_class;

static struct mux *this_mux(JSContext *ctx, JSValueConst self)
{
	return JS_GetOpaque2(ctx, self, mux_class);
}

static JSValue over(JSContext *ctx, const char *method)
{
	return runv_throw_errno(ctx, EPIPE, method, NULL);
}

static JSValue mux_listen(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)argc;
	int number;
	struct mux *mux = this_mux(ctx, self);
	if (!mux || runv_int32(ctx, argv[0], "port", 0, LAST_PORT_NUMBER, &number) < 0 ||
	    runv_function(ctx, argv[1], "onConnection") < 0)
		return JS_EXCEPTION;
	if (mux->fd < 0)
		return over(ctx, "listen");
	if (mux->port_count == MUX_MAX_PORTS)
		return runv_throw_errno(ctx, ENOBUFS, "listen", NULL);
	mux->ports[mux->port_count++] = (struct mux_port){(uint32_t)number, JS_DupValue(ctx, argv[1])};
	return JS_UNDEFINED;
}

/* The next turn of the loop says what is due, so that methods never call back. */
static void wake(struct mux *mux)
{
	mux->work_waits = true;
	runv_loop_rewatch(mux->fd, EPOLLIN | EPOLLOUT);
}

static JSValue mux_connect(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)argc;
	uint32_t port;
	struct mux *mux = this_mux(ctx, self);
	if (!mux || runv_uint32(ctx, argv[0], "port", &port) < 0 || runv_function(ctx, argv[1], "done") < 0)
		return JS_EXCEPTION;
	if (mux->fd < 0)
		return over(ctx, "connect");
	if (mux->stream_count >= MUX_MAX_STREAMS)
		return runv_throw_errno(ctx, EAGAIN, "connect", NULL);
	int handed;
	struct mux_stream *stream = mux_stream_new(mux, mux_stream_free_id(mux), &handed);
	if (!stream)
		return runv_throw_errno(ctx, errno, "connect", NULL);
	stream->handed = handed;
	stream->port = port;
	stream->due = MUX_DUE_OPEN;
	stream->done = JS_DupValue(ctx, argv[1]);
	mux->hello_due = mux->hello_due || !mux->up;
	wake(mux);
	return JS_NewUint32(ctx, stream->id);
}

static JSValue mux_cancel(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)argc;
	uint32_t id;
	struct mux *mux = this_mux(ctx, self);
	if (!mux || runv_uint32(ctx, argv[0], "id", &id) < 0)
		return JS_EXCEPTION;
	struct mux_stream *stream = mux->slots[id % MUX_SLOTS];
	if (mux->fd < 0 || !stream || stream->id != id || JS_IsUndefined(stream->done))
		return JS_UNDEFINED;
	JSValue done = stream->done;
	stream->done = JS_UNDEFINED;
	JS_FreeValue(ctx, done);
	close(stream->handed);
	stream->handed = -1;
	mux_stream_abort(stream);
	wake(mux);
	return JS_UNDEFINED;
}

static JSValue mux_close(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)argc, (void)argv;
	struct mux *mux = this_mux(ctx, self);
	if (!mux)
		return JS_EXCEPTION;
	mux_tear_down(ctx, mux);
	return JS_UNDEFINED;
}

static int take_options(JSContext *ctx, struct mux *mux, JSValueConst options)
{
	int64_t session, window_bytes, frame_bytes;
	if (runv_option_bool(ctx, options, "dialer", &mux->dialer) < 0 ||
	    runv_option_bool(ctx, options, "reliable", &mux->framing.reliable) < 0 ||
	    runv_option_int64(ctx, options, "session", 0, UINT32_MAX, &session) < 0 ||
	    runv_option_int64(ctx, options, "frameBytes", MIN_FRAME_BYTES, MUX_MAX_FRAME_BYTES,
	                      &frame_bytes) < 0 ||
	    runv_option_int64(ctx, options, "windowBytes", frame_bytes, MAX_WINDOW_BYTES, &window_bytes) < 0)
		return -1;
	mux->framing.session = (uint32_t)session;
	mux->window_bytes = (size_t)window_bytes;
	mux->payload_bytes = (size_t)frame_bytes - MUX_HEADER_BYTES - MUX_CRC_BYTES;
	return 0;
}

/* 0 or -1 with errno. */
static int set_up(struct mux *mux, int fd)
{
	mux->received = malloc(MUX_RECEIVE_BYTES);
	if (!mux->received || runv_set_nonblock(fd, true) < 0 || mux_timer_open(mux) < 0)
		return -1;
	if (runv_loop_watch(mux->timer, EPOLLIN, mux_time_passed, mux) < 0)
		return -1;
	if (runv_loop_watch(fd, EPOLLIN, mux_carrier_ready, mux) == 0) {
		mux->fd = fd;
		return 0;
	}
	return -1;
}

static JSValue mux_new(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd;
	if (runv_fd(ctx, argv[0], &fd) < 0 || runv_function(ctx, argv[2], "onBroken") < 0)
		return JS_EXCEPTION;
	JSValue object = JS_NewObjectClass(ctx, (int)mux_class);
	if (JS_IsException(object))
		return object;
	struct mux *mux = js_mallocz(ctx, sizeof *mux);
	if (!mux) {
		JS_FreeValue(ctx, object);
		return JS_EXCEPTION;
	}
	mux->fd = mux->timer = -1;
	mux->nak_for = UINT32_MAX;
	mux->on_broken = mux->self = JS_UNDEFINED;
	JS_SetOpaque(object, mux);
	bool taken = take_options(ctx, mux, argv[1]) == 0;
	if (taken && set_up(mux, fd) == 0) {
		mux->on_broken = JS_DupValue(ctx, argv[2]);
		mux->self = JS_DupValue(ctx, object);
		return object;
	}
	int failure = errno;
	mux_tear_down(ctx, mux);
	JS_FreeValue(ctx, object);
	return taken ? runv_throw_errno(ctx, failure, "mux", NULL) : JS_EXCEPTION;
}

static void finalize(JSRuntime *runtime, JSValue object)
{
	js_free_rt(runtime, JS_GetOpaque(object, mux_class));
}

static const JSCFunctionListEntry methods[] = {
        JS_CFUNC_DEF("listen", 2, mux_listen),
        JS_CFUNC_DEF("connect", 2, mux_connect),
        JS_CFUNC_DEF("cancel", 1, mux_cancel),
        JS_CFUNC_DEF("close", 0, mux_close),
};

static int start_family(JSContext *ctx)
{
	static const JSClassDef definition = {.class_name = "Mux", .finalizer = finalize};
	JS_NewClassID(&mux_class);
	if (JS_NewClass(JS_GetRuntime(ctx), mux_class, &definition) < 0)
		return -1;
	JSValue prototype = JS_NewObject(ctx);
	JS_SetPropertyFunctionList(ctx, prototype, methods, RUNV_COUNT(methods));
	JS_SetClassProto(ctx, mux_class, prototype);
	return 0;
}

static const JSCFunctionListEntry exports[] = {JS_CFUNC_DEF("mux", 3, mux_new)};

const struct runv_family runv_family_mux = {exports, RUNV_COUNT(exports), start_family};
