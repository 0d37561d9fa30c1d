#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "errors.h"
#include "loop.h"
#include "mux.h"
#include "program.h"

static void close_carrier(struct mux *mux)
{
	if (mux->fd >= 0) {
		runv_loop_unwatch(mux->fd);
		close(mux->fd);
	}
	mux->fd = -1;
	if (mux->timer >= 0)
		runv_loop_unwatch(mux->timer);
	mux_timer_close(mux);
	mux_link_release(mux);
	free(mux->received);
	mux->received = NULL;
}

/* Lets go of what is TypeScript's. */
static void release(JSContext *ctx, struct mux *mux)
{
	for (int index = 0; index < mux->port_count; index++)
		JS_FreeValue(ctx, mux->ports[index].on_connection);
	mux->port_count = 0;
	JSValue on_broken = mux->on_broken, self = mux->self;
	mux->on_broken = mux->self = JS_UNDEFINED;
	JS_FreeValue(ctx, on_broken);
	JS_FreeValue(ctx, self); /* may free the mux */
}

void mux_tear_down(JSContext *ctx, struct mux *mux)
{
	close_carrier(mux);
	while (mux->streams)
		mux_stream_free(ctx, mux->streams);
	release(ctx, mux);
}

/* Nothing is left to say or to deliver. */
static bool is_over(const struct mux_stream *stream)
{
	return stream->due == 0 && stream->final_sent && stream->receive_ended && stream->fd < 0;
}

/* The link is no more. What streams have received is theirs all the same: the object lives until it is delivered. */
static void linger(JSContext *ctx, struct mux *mux)
{
	for (struct mux_stream *stream = mux->streams, *next; stream; stream = next) {
		next = stream->next;
		mux_stream_cut(stream);
		if (is_over(stream))
			mux_stream_free(ctx, stream);
	}
	if (!mux->streams)
		release(ctx, mux);
}

/* Those that wait for an answer get it: there is none. */
static void break_off(JSContext *ctx, struct mux *mux)
{
	JSValue on_broken = JS_DupValue(ctx, mux->on_broken);
	JSValue reason = JS_NewString(ctx, mux->failure);
	JSValue waiting[MUX_MAX_STREAMS];
	int count = 0;
	for (struct mux_stream *stream = mux->streams; stream; stream = stream->next) {
		if (!JS_IsUndefined(stream->done) && count < MUX_MAX_STREAMS)
			waiting[count++] = JS_DupValue(ctx, stream->done);
	}
	close_carrier(mux);
	linger(ctx, mux);
	for (int index = 0; index < count; index++) {
		JSValue argument = JS_NULL;
		runv_call(ctx, waiting[index], 1, &argument);
		JS_FreeValue(ctx, waiting[index]);
	}
	runv_call(ctx, on_broken, 1, &reason);
	JS_FreeValue(ctx, on_broken);
}

/* What streams have to say. 0 or -1 without memory. */
static int say_what_is_due(JSContext *ctx, struct mux *mux)
{
	for (struct mux_stream *stream = mux->streams, *next; stream; stream = next) {
		next = stream->next;
		if (stream->due != 0 && mux_stream_say(stream) < 0)
			return -1;
		mux_stream_settle(stream);
		if (is_over(stream))
			mux_stream_free(ctx, stream);
	}
	return 0;
}

/* From here on `first` is the first to be served. */
static void turn_to(struct mux *mux, struct mux_stream *first)
{
	struct mux_stream *last = first;
	if (first == mux->streams)
		return;
	while (last->next)
		last = last->next;
	last->next = mux->streams;
	for (last = mux->streams; last->next != first; last = last->next)
		continue;
	last->next = NULL;
	mux->streams = first;
}

/* One frame of each stream that waited for room, round after round, and next time where this one stopped. */
static int serve_starved(struct mux *mux)
{
	for (bool moved = true; moved;) {
		moved = false;
		for (struct mux_stream *stream = mux->streams; stream; stream = stream->next) {
			if (!stream->starved)
				continue;
			int sent = mux_local_read(stream);
			if (sent < 0)
				return -1;
			if (stream->starved) { /* again without room */
				turn_to(mux, stream);
				return 0;
			}
			stream->starved = sent == 1;
			moved = moved || sent == 1;
			if (sent == 0)
				mux_stream_settle(stream);
		}
	}
	return 0;
}

static int serve_streams(JSContext *ctx, struct mux *mux)
{
	mux->work_waits = false;
	return say_what_is_due(ctx, mux) < 0 || serve_starved(mux) < 0 ? -1 : 0;
}

void mux_settle(JSContext *ctx, struct mux *mux)
{
	if (mux->fd < 0) {
		linger(ctx, mux);
		return;
	}
	bool again = true;
	while (!mux->failure && again) {
		bool had_room = mux_link_has_room(mux);
		if (mux->work_waits && serve_streams(ctx, mux) < 0)
			mux->failure = "out of memory";
		else if (mux_link_write(mux) < 0)
			mux->failure = errno == EPIPE ? "the carrier has ended" : runv_errno_name(errno);
		again = mux->work_waits && had_room;
	}
	if (!mux->failure && runv_loop_rewatch(mux->fd, EPOLLIN | (mux->blocked ? EPOLLOUT : 0U)) < 0)
		mux->failure = "epoll refuses the carrier";
	mux_timer_update(mux);
	if (mux->failure)
		break_off(ctx, mux);
}

void mux_carrier_ready(JSContext *ctx, int fd, uint32_t events, void *opaque)
{
	(void)fd;
	struct mux *mux = opaque;
	JSValue kept = JS_DupValue(ctx, mux->self);
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		const char *failure = mux_link_receive(ctx, mux);
		mux->failure = failure ? failure : mux->failure;
	}
	mux_settle(ctx, mux);
	JS_FreeValue(ctx, kept);
}

void mux_time_passed(JSContext *ctx, int fd, uint32_t events, void *opaque)
{
	(void)events;
	struct mux *mux = opaque;
	uint64_t times;
	JSValue kept = JS_DupValue(ctx, mux->self);
	if (read(fd, &times, sizeof times) < 0 && errno == EAGAIN) {
		JS_FreeValue(ctx, kept);
		return;
	}
	mux->armed = false;
	mux->silent_turns = mux->progress ? 0 : mux->silent_turns + 1;
	if (mux->dialer && !mux->up) {
		mux->hello_due = true;
	} else if (!mux->progress) {
		mux->probe_due = mux->first && !mux->cursor;
		const char *failure = mux_link_skip_partial(ctx, mux);
		mux->failure = failure ? failure : mux->failure;
	}
	mux_settle(ctx, mux);
	JS_FreeValue(ctx, kept);
}
