/* Bytes both ways between two sockets, through a pipe by splice(2): they never come into this process, which a relay of 64 KiB
 * reads and writes pays with a third of its speed and twice its time. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"
#include "io.h"
#include "loop.h"
#include "module.h"
#include "program.h"

/* Moves in one direction before the other descriptors get their turn; a move is at most what a pipe holds. */
enum { MOVES_PER_TURN = 8, MOVE_BYTES = 65536, COPY_BYTES = 16384 };

struct direction {
	int from, to;
	int pipe[2];
	size_t in_pipe;
	bool ended;
	int failure; /* errno of the write that broke it */
};

struct relay {
	int fds[2];
	struct direction directions[2]; /* [i] is from fds[i] */
	JSValue done;
	JSValue self; /* keeps the object while there is something to relay */
};

static JSClassID relay_class;

static void release(JSContext *ctx, struct relay *relay)
{
	for (int side = 0; side < 2; side++) {
		struct direction *direction = &relay->directions[side];
		if (relay->fds[side] >= 0) {
			runv_loop_unwatch(relay->fds[side]);
			close(relay->fds[side]);
		}
		relay->fds[side] = -1;
		for (int end = 0; end < 2; end++) {
			if (direction->pipe[end] >= 0)
				close(direction->pipe[end]);
			direction->pipe[end] = -1;
		}
	}
	JSValue done = relay->done, self = relay->self;
	relay->done = relay->self = JS_UNDEFINED;
	JS_FreeValue(ctx, done);
	JS_FreeValue(ctx, self); /* may free the relay */
}

static void finish(JSContext *ctx, struct relay *relay, int failure)
{
	JSValue done = JS_DupValue(ctx, relay->done);
	release(ctx, relay);
	JSValue argument = failure ? JS_NewString(ctx, runv_errno_name(failure)) : JS_NULL;
	runv_call(ctx, done, 1, &argument);
	JS_FreeValue(ctx, done);
}

static ssize_t move(int from, int to)
{
	ssize_t count;
	do
		count = splice(from, NULL, to, NULL, MOVE_BYTES, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	while (count < 0 && errno == EINTR);
	return count;
}

/* The source has ended: tells the other side, which may have gone already. */
static int end_direction(struct direction *direction)
{
	direction->ended = true;
	return shutdown(direction->to, SHUT_WR) < 0 && errno != ENOTCONN ? -1 : 0;
}

/* From a socket into the empty pipe, which has room for all of it. Kernels before 5.10 cannot splice from AF_VSOCK. */
static ssize_t take(const struct direction *direction)
{
	uint8_t bytes[COPY_BYTES];
	ssize_t count = move(direction->from, direction->pipe[1]);
	if (count >= 0 || errno != EINVAL)
		return count;
	do
		count = read(direction->from, bytes, sizeof bytes);
	while (count < 0 && errno == EINTR);
	return count > 0 ? write(direction->pipe[1], bytes, (size_t)count) : count;
}

/* Nobody takes the bytes any more: the other direction may still have some. */
static void break_direction(struct direction *direction, int failure)
{
	direction->ended = true;
	direction->failure = failure;
	direction->in_pipe = 0;
	shutdown(direction->from, SHUT_RD);
}

/* Empties the pipe, then fills it again, as long as neither side would block. 0 or -1 with errno. */
static int pump(struct direction *direction)
{
	for (int moves = 0; moves < MOVES_PER_TURN && !direction->ended; moves++) {
		if (direction->in_pipe == 0) {
			ssize_t taken = take(direction);
			if (taken < 0)
				return errno == EAGAIN ? 0 : -1;
			if (taken == 0)
				return end_direction(direction);
			direction->in_pipe = (size_t)taken;
		}
		while (direction->in_pipe > 0) {
			ssize_t given = move(direction->pipe[0], direction->to);
			if (given < 0 && errno == EAGAIN)
				return 0;
			if (given < 0)
				break_direction(direction, errno);
			else
				direction->in_pipe -= (size_t)given;
		}
	}
	return 0;
}

/* What to wait for on one side. Where nothing more comes in and nothing waits to go out, a hang-up still says that the peer is gone. */
static uint32_t interest(const struct relay *relay, int side)
{
	const struct direction *out = &relay->directions[side], *in = &relay->directions[!side];
	uint32_t events = 0;
	if (!out->ended && out->in_pipe == 0)
		events |= EPOLLIN;
	if (in->in_pipe > 0)
		events |= EPOLLOUT;
	if (out->ended && !in->ended)
		events |= EPOLLERR;
	return events;
}

static int first_failure(const struct relay *relay)
{
	return relay->directions[0].failure ? relay->directions[0].failure : relay->directions[1].failure;
}

static void ready(JSContext *ctx, int fd, uint32_t events, void *opaque)
{
	struct relay *relay = opaque;
	int side = fd == relay->fds[1];
	bool peer_gone = (events & (EPOLLHUP | EPOLLERR)) != 0 && relay->directions[side].ended;
	for (int index = 0; index < 2; index++) {
		if (pump(&relay->directions[index]) < 0) {
			finish(ctx, relay, errno);
			return;
		}
	}
	if (peer_gone || (relay->directions[0].ended && relay->directions[1].ended)) {
		finish(ctx, relay, first_failure(relay));
		return;
	}
	for (int index = 0; index < 2; index++) {
		if (runv_loop_rewatch(relay->fds[index], interest(relay, index)) < 0) {
			finish(ctx, relay, errno);
			return;
		}
	}
}

/* 0 or -1 with errno; what is there is released by the caller. */
static int start(struct relay *relay)
{
	for (int side = 0; side < 2; side++) {
		struct direction *direction = &relay->directions[side];
		direction->from = relay->fds[side];
		direction->to = relay->fds[!side];
		if (runv_set_nonblock(relay->fds[side], true) < 0)
			return -1;
		if (pipe2(direction->pipe, O_CLOEXEC | O_NONBLOCK) < 0)
			return -1;
	}
	for (int side = 0; side < 2; side++) {
		if (runv_loop_watch(relay->fds[side], EPOLLIN, ready, relay) < 0)
			return -1;
	}
	return 0;
}

static JSValue relay_relay(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fds[2];
	if (runv_fd(ctx, argv[0], &fds[0]) < 0 || runv_fd(ctx, argv[1], &fds[1]) < 0 ||
	    runv_function(ctx, argv[2], "done") < 0)
		return JS_EXCEPTION;
	if (fds[0] == fds[1] || runv_loop_watcher(fds[0]) || runv_loop_watcher(fds[1]))
		return runv_throw_code(ctx, EBUSY, "relay", "the descriptors are watched already: relay");
	JSValue object = JS_NewObjectClass(ctx, (int)relay_class);
	if (JS_IsException(object))
		return object;
	struct relay *relay = js_mallocz(ctx, sizeof *relay);
	if (!relay) {
		JS_FreeValue(ctx, object);
		return JS_EXCEPTION;
	}
	for (int side = 0; side < 2; side++) {
		relay->fds[side] = fds[side];
		relay->directions[side].pipe[0] = relay->directions[side].pipe[1] = -1;
	}
	JS_SetOpaque(object, relay);
	relay->done = JS_DupValue(ctx, argv[2]);
	relay->self = JS_DupValue(ctx, object);
	if (start(relay) == 0)
		return object;
	int failure = errno;
	release(ctx, relay);
	JS_FreeValue(ctx, object);
	return runv_throw_errno(ctx, failure, "relay", NULL);
}

static JSValue relay_cancel(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)argc, (void)argv;
	struct relay *relay = JS_GetOpaque2(ctx, self, relay_class);
	if (!relay)
		return JS_EXCEPTION;
	release(ctx, relay);
	return JS_UNDEFINED;
}

static void finalize(JSRuntime *runtime, JSValue object)
{
	js_free_rt(runtime, JS_GetOpaque(object, relay_class));
}

static const JSCFunctionListEntry methods[] = {JS_CFUNC_DEF("cancel", 0, relay_cancel)};

static int start_family(JSContext *ctx)
{
	static const JSClassDef definition = {.class_name = "Relay", .finalizer = finalize};
	JS_NewClassID(&relay_class);
	if (JS_NewClass(JS_GetRuntime(ctx), relay_class, &definition) < 0)
		return -1;
	JSValue prototype = JS_NewObject(ctx);
	JS_SetPropertyFunctionList(ctx, prototype, methods, RUNV_COUNT(methods));
	JS_SetClassProto(ctx, relay_class, prototype);
	return 0;
}

static const JSCFunctionListEntry exports[] = {JS_CFUNC_DEF("relay", 3, relay_relay)};

const struct runv_family runv_family_relay = {exports, RUNV_COUNT(exports), start_family};
