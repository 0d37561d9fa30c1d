/* processIo of the module: one connection that carries a process's streams, as an object of TypeScript's. */
#include "process-io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"
#include "io.h"
#include "loop.h"
#include "module.h"
#include "program.h"

static JSClassID process_io_class;

int pio_open(struct process_io *io, int stream, bool sends, bool receives)
{
	size_t count = (size_t)stream + 1;
	if (stream >= io->stream_count) {
		struct pio_source *sources = realloc(io->sources, count * sizeof *sources);
		if (sources)
			io->sources = sources;
		struct pio_sink *sinks = realloc(io->sinks, count * sizeof *sinks);
		if (sinks)
			io->sinks = sinks;
		if (!sources || !sinks) {
			errno = ENOMEM;
			return -1;
		}
	}
	for (; io->stream_count <= stream; io->stream_count++) {
		struct runv_stdio none = {.fd = -1};
		io->sources[io->stream_count] =
		        (struct pio_source){.stdio = none, .credit = PIO_WINDOW_BYTES};
		io->sinks[io->stream_count] = (struct pio_sink){.stdio = none, .window = PIO_WINDOW_BYTES};
	}
	io->sources[stream].open = sends;
	io->sinks[stream].open = receives;
	return 0;
}

static bool has_work(const struct process_io *io)
{
	if (io->connection >= 0)
		return true;
	for (int stream = 0; stream < io->stream_count; stream++) {
		if (io->sinks[stream].attached && !io->sinks[stream].finished)
			return true;
	}
	return false;
}

/* Lets go of everything of TypeScript's: nothing can happen any more. */
static void release(JSContext *ctx, struct process_io *io)
{
	JSValue *const values[] = {&io->on_frame, &io->on_drained, &io->on_delivered, &io->on_broken,
	                           &io->self};
	for (int index = 0; index < RUNV_COUNT(values); index++) {
		JSValue value = *values[index];
		*values[index] = JS_UNDEFINED;
		JS_FreeValue(ctx, value);
	}
}

static void drop_connection(struct process_io *io)
{
	if (io->connection < 0)
		return;
	runv_loop_unwatch(io->connection);
	close(io->connection);
	io->connection = -1;
	pio_give_up_sending(io);
	runv_queue_clear(&io->payload);
}

static void tell_delivered(JSContext *ctx, struct process_io *io)
{
	if (io->delivered_told || !pio_all_delivered(io))
		return;
	io->delivered_told = true;
	runv_call(ctx, io->on_delivered, 0, NULL);
}

static void tell_drained(JSContext *ctx, struct process_io *io)
{
	if (io->drained_told || io->connection < 0 || io->send_failed || !pio_all_sent(io))
		return;
	io->drained_told = true;
	runv_call(ctx, io->on_drained, 0, NULL);
}

static void break_off(JSContext *ctx, struct process_io *io, const char *reason)
{
	if (io->connection < 0)
		return;
	drop_connection(io);
	pio_sinks_end(io);
	tell_delivered(ctx, io);
	JSValue argument = JS_NewString(ctx, reason);
	runv_call(ctx, io->on_broken, 1, &argument);
}

/* After every event: sends what it made possible, tells what it completed. */
static void settle(JSContext *ctx, struct process_io *io)
{
	if (pio_send(io) < 0)
		break_off(ctx, io, runv_errno_name(errno));
	tell_drained(ctx, io);
	tell_delivered(ctx, io);
	if (!has_work(io))
		release(ctx, io);
}

static void connection_ready(JSContext *ctx, int fd, uint32_t events, void *opaque)
{
	(void)fd;
	struct process_io *io = opaque;
	JSValue kept = JS_DupValue(ctx, io->self);
	const char *reason = (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 ? pio_receive(ctx, io) : NULL;
	if (reason)
		break_off(ctx, io, reason);
	settle(ctx, io);
	JS_FreeValue(ctx, kept);
}

static void serve_stdio(struct process_io *io, int fd, uint32_t events)
{
	for (int stream = 0; stream < io->stream_count; stream++) {
		if (io->sources[stream].stdio.fd == fd) {
			pio_source_ready(io, stream);
			return;
		}
		if (io->sinks[stream].stdio.fd == fd) {
			pio_sink_ready(io, stream, events);
			return;
		}
	}
}

static void stdio_ready(JSContext *ctx, int fd, uint32_t events, void *opaque)
{
	struct process_io *io = opaque;
	JSValue kept = JS_DupValue(ctx, io->self);
	serve_stdio(io, fd, events);
	settle(ctx, io);
	JS_FreeValue(ctx, kept);
}

/* The next turn of the loop sends and tells, so that methods never call back. */
static void wake(struct process_io *io)
{
	if (io->connection >= 0)
		runv_loop_rewatch(io->connection, EPOLLIN | EPOLLOUT);
}

static struct process_io *this_io(JSContext *ctx, JSValueConst self)
{
	return JS_GetOpaque2(ctx, self, process_io_class);
}

static JSValue open_stream(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)argc;
	int stream;
	bool sends, receives;
	struct process_io *io = this_io(ctx, self);
	if (!io ||
	    runv_int32(ctx, argv[0], "stream", PIO_STANDARD_STREAMS, PIO_MAX_STREAMS - 1, &stream) < 0 ||
	    runv_option_bool(ctx, argv[1], "sends", &sends) < 0 ||
	    runv_option_bool(ctx, argv[1], "receives", &receives) < 0)
		return JS_EXCEPTION;
	if (stream < io->stream_count && (io->sources[stream].open || io->sinks[stream].open))
		return runv_throw_code(ctx, EBUSY, "openStream", "stream is open already: openStream");
	if (pio_open(io, stream, sends, receives) < 0)
		return runv_throw_errno(ctx, errno, "openStream", NULL);
	return JS_UNDEFINED;
}

static JSValue send_from(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)argc;
	int stream, fd;
	struct process_io *io = this_io(ctx, self);
	if (!io || runv_int32(ctx, argv[0], "stream", 0, io->stream_count - 1, &stream) < 0 ||
	    runv_fd(ctx, argv[1], &fd) < 0)
		return JS_EXCEPTION;
	struct pio_source *source = &io->sources[stream];
	if (source->attached || !source->open || runv_loop_watcher(fd))
		return runv_throw_code(ctx, EBUSY, "sendFrom",
		                       "stream or descriptor is in use already: sendFrom");
	if (runv_stdio_open_source(&source->stdio, fd, JS_ToBool(ctx, argv[2]) > 0) < 0 ||
	    runv_loop_watch(source->stdio.fd, 0, stdio_ready, io) < 0) {
		runv_stdio_close(&source->stdio);
		return runv_throw_errno(ctx, errno, "sendFrom", NULL);
	}
	source->half_close = pio_is_two_way(io, stream) && JS_ToBool(ctx, argv[2]) <= 0;
	if (stream < PIO_STANDARD_STREAMS)
		io->sinks[stream].open = false;
	pio_source_attach(io, stream);
	io->drained_told = false;
	wake(io);
	return JS_UNDEFINED;
}

static int open_sink(struct pio_sink *sink, struct process_io *io, int fd, bool shared)
{
	if (sink->keep_open)
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0 || runv_stdio_open_sink(&sink->stdio, fd, shared) < 0)
		return -1;
	if (runv_loop_watch(sink->stdio.fd, 0, stdio_ready, io) == 0)
		return 0;
	runv_stdio_close(&sink->stdio);
	return -1;
}

static JSValue receive_to(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)argc;
	int stream, fd;
	bool shared, keep_open;
	struct process_io *io = this_io(ctx, self);
	if (!io || runv_int32(ctx, argv[0], "stream", 0, io->stream_count - 1, &stream) < 0 ||
	    runv_fd(ctx, argv[1], &fd) < 0 || runv_option_bool(ctx, argv[2], "shared", &shared) < 0 ||
	    runv_option_bool(ctx, argv[2], "keepOpen", &keep_open) < 0)
		return JS_EXCEPTION;
	struct pio_sink *sink = &io->sinks[stream];
	if (sink->attached || !sink->open || (!keep_open && runv_loop_watcher(fd)))
		return runv_throw_code(ctx, EBUSY, "receiveTo",
		                       "stream or descriptor is in use already: receiveTo");
	sink->keep_open = keep_open;
	if (open_sink(sink, io, fd, shared) < 0)
		return runv_throw_errno(ctx, errno, "receiveTo", NULL);
	sink->attached = true;
	if (stream < PIO_STANDARD_STREAMS)
		io->sources[stream].open = false;
	pio_sink_write(io, stream);
	io->delivered_told = false;
	wake(io);
	return JS_UNDEFINED;
}

static JSValue drain_now(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)argc, (void)argv;
	struct process_io *io = this_io(ctx, self);
	if (!io)
		return JS_EXCEPTION;
	pio_drain(io);
	wake(io);
	return JS_UNDEFINED;
}

static JSValue end_sources(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)argc, (void)argv;
	struct process_io *io = this_io(ctx, self);
	if (!io)
		return JS_EXCEPTION;
	pio_end_sources(io);
	wake(io);
	return JS_UNDEFINED;
}

static JSValue sent_bytes(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)argc, (void)argv;
	const struct process_io *io = this_io(ctx, self);
	return io ? JS_NewInt64(ctx, (int64_t)io->sent_bytes) : JS_EXCEPTION;
}

static JSValue send_frame(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)argc;
	int type;
	struct runv_bytes payload;
	struct process_io *io = this_io(ctx, self);
	if (!io || runv_int32(ctx, argv[0], "type", 1, PIO_LAST_TYPE, &type) < 0 ||
	    runv_bytes(ctx, argv[1], "payload", &payload) < 0)
		return JS_EXCEPTION;
	if (type >= PIO_DATA && type <= PIO_CLOSED)
		return JS_ThrowRangeError(ctx, "type: %d is sent by this object itself", type);
	if (payload.length > PIO_MAX_PAYLOAD)
		return JS_ThrowRangeError(ctx, "payload: more than %d bytes", PIO_MAX_PAYLOAD);
	if (io->connection < 0 || io->send_failed)
		return runv_throw_errno(ctx, EPIPE, "sendFrame", NULL);
	if (runv_queue_length(&io->queued) + PIO_HEADER_BYTES + payload.length > PIO_MAX_QUEUED_BYTES)
		return runv_throw_errno(ctx, ENOBUFS, "sendFrame", NULL);
	if (pio_queue_frame(io, (unsigned)type, 0, payload.data, payload.length) < 0)
		return runv_throw_errno(ctx, errno, "sendFrame", NULL);
	pio_flush(io);
	wake(io);
	return JS_UNDEFINED;
}

static JSValue pending_bytes(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)argc, (void)argv;
	const struct process_io *io = this_io(ctx, self);
	return io ? JS_NewInt64(ctx, (int64_t)pio_pending_bytes(io)) : JS_EXCEPTION;
}

static void close_everything(struct process_io *io)
{
	pio_flush(io);
	drop_connection(io);
	for (int stream = 0; stream < io->stream_count; stream++)
		pio_sink_abandon(&io->sinks[stream]);
}

static JSValue close_io(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)argc, (void)argv;
	struct process_io *io = this_io(ctx, self);
	if (!io)
		return JS_EXCEPTION;
	close_everything(io);
	release(ctx, io);
	return JS_UNDEFINED;
}

static int take_handler(JSContext *ctx, JSValueConst handlers, const char *name, JSValue *out)
{
	*out = JS_GetPropertyStr(ctx, handlers, name);
	return JS_IsException(*out) ? -1 : runv_function(ctx, *out, name);
}

static int initialize(struct process_io *io)
{
	io->connection = -1;
	io->on_frame = io->on_drained = io->on_delivered = io->on_broken = io->self = JS_UNDEFINED;
	for (int stream = 0; stream < PIO_STANDARD_STREAMS; stream++) {
		if (pio_open(io, stream, true, true) < 0)
			return -1;
	}
	return 0;
}

static void free_io(JSRuntime *runtime, struct process_io *io)
{
	free(io->sources);
	free(io->sinks);
	js_free_rt(runtime, io);
}

static int set_up(JSContext *ctx, struct process_io *io, int connection, JSValueConst handlers)
{
	if (take_handler(ctx, handlers, "onFrame", &io->on_frame) < 0 ||
	    take_handler(ctx, handlers, "onDrained", &io->on_drained) < 0 ||
	    take_handler(ctx, handlers, "onDelivered", &io->on_delivered) < 0 ||
	    take_handler(ctx, handlers, "onBroken", &io->on_broken) < 0)
		return -1;
	if (runv_loop_watch(connection, EPOLLIN, connection_ready, io) < 0) {
		runv_throw_errno(ctx, errno, "processIo", NULL);
		return -1;
	}
	io->connection = connection;
	return 0;
}

static JSValue process_io_new(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int connection;
	if (runv_fd(ctx, argv[0], &connection) < 0)
		return JS_EXCEPTION;
	JSValue object = JS_NewObjectClass(ctx, (int)process_io_class);
	if (JS_IsException(object))
		return object;
	struct process_io *io = js_mallocz(ctx, sizeof *io);
	if (!io) {
		JS_FreeValue(ctx, object);
		return JS_EXCEPTION;
	}
	if (initialize(io) < 0) {
		free_io(JS_GetRuntime(ctx), io);
		JS_FreeValue(ctx, object);
		return runv_throw_errno(ctx, ENOMEM, "processIo", NULL);
	}
	JS_SetOpaque(object, io);
	if (set_up(ctx, io, connection, argv[1]) < 0) {
		release(ctx, io);
		JS_FreeValue(ctx, object);
		return JS_EXCEPTION;
	}
	io->self = JS_DupValue(ctx, object);
	return object;
}

static void finalize(JSRuntime *runtime, JSValue object)
{
	struct process_io *io = JS_GetOpaque(object, process_io_class);
	if (io)
		free_io(runtime, io);
}

static const JSCFunctionListEntry methods[] = {
        JS_CFUNC_DEF("openStream", 2, open_stream), JS_CFUNC_DEF("sendFrom", 3, send_from),
        JS_CFUNC_DEF("receiveTo", 3, receive_to),   JS_CFUNC_DEF("drainNow", 0, drain_now),
        JS_CFUNC_DEF("sendFrame", 2, send_frame),   JS_CFUNC_DEF("pendingBytes", 0, pending_bytes),
        JS_CFUNC_DEF("sentBytes", 0, sent_bytes),   JS_CFUNC_DEF("endSources", 0, end_sources),
        JS_CFUNC_DEF("close", 0, close_io),
};

static int start_family(JSContext *ctx)
{
	static const JSClassDef definition = {.class_name = "ProcessIo", .finalizer = finalize};
	JS_NewClassID(&process_io_class);
	if (JS_NewClass(JS_GetRuntime(ctx), process_io_class, &definition) < 0)
		return -1;
	JSValue prototype = JS_NewObject(ctx);
	JS_SetPropertyFunctionList(ctx, prototype, methods, RUNV_COUNT(methods));
	JS_SetClassProto(ctx, process_io_class, prototype);
	return 0;
}

static const JSCFunctionListEntry exports[] = {JS_CFUNC_DEF("processIo", 2, process_io_new)};

const struct runv_family runv_family_process_io = {exports, RUNV_COUNT(exports), start_family};
