#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop.h"
#include "mux.h"

enum {
	/* Credit goes back in pieces of at least this, so that small writes do not cost a frame each. */
	CREDIT_STEP_BYTES = MUX_STREAM_WINDOW_BYTES / 4,
	/* Frames from one socket before the others get their turn. */
	FRAMES_PER_TURN = 4,
};

void mux_local_close(struct mux_stream *stream)
{
	if (stream->fd < 0)
		return;
	runv_loop_unwatch(stream->fd);
	close(stream->fd);
	stream->fd = -1;
}

/* What is written here has ended. */
static void end_sending(struct mux_stream *stream)
{
	stream->send_ended = true;
	stream->due |= MUX_DUE_EOF;
	stream->mux->work_waits = true;
}

static bool may_read(const struct mux_stream *stream)
{
	return stream->fd >= 0 && stream->accepted && !stream->send_ended && stream->send_credit > 0;
}

int mux_local_read(struct mux_stream *stream)
{
	struct mux *mux = stream->mux;
	stream->starved = may_read(stream) && !mux_link_has_room(mux);
	if (stream->starved) {
		mux->work_waits = true;
		return 0;
	}
	if (!may_read(stream))
		return 0;
	uint8_t *buffer = mux_link_buffer(mux);
	if (!buffer)
		return -1;
	size_t limit = mux->payload_bytes < stream->send_credit ? mux->payload_bytes : stream->send_credit;
	ssize_t count;
	do
		count = read(stream->fd, buffer, limit);
	while (count < 0 && errno == EINTR);
	if (count < 0 && errno == EAGAIN)
		return 0;
	if (count == 0)
		end_sending(stream);
	if (count < 0) /* its user has gone without having read everything */
		mux_stream_abort(stream);
	if (count <= 0)
		return 0;
	stream->send_credit -= (uint32_t)count;
	const struct mux_header header = {.type = MUX_DATA, .stream = stream->id, .length = (uint32_t)count};
	return mux_link_send(mux, &header, buffer) < 0 ? -1 : 1;
}

/* Nobody here reads any more. */
static void refuse_more(struct mux_stream *stream)
{
	runv_queue_clear(&stream->pending);
	if (!stream->receive_ended && !stream->unwanted)
		stream->due |= MUX_DUE_STOP;
	stream->unwanted = true;
	stream->mux->work_waits = true;
}

static void give_credit(struct mux_stream *stream, size_t taken)
{
	stream->credit_due += (uint32_t)taken;
	if (stream->credit_due < CREDIT_STEP_BYTES || stream->receive_ended)
		return;
	stream->due |= MUX_DUE_CREDIT;
	stream->mux->work_waits = true;
}

/* How much was taken. */
static size_t put(struct mux_stream *stream, const uint8_t *bytes, size_t length)
{
	size_t taken = 0;
	while (taken < length) {
		ssize_t count = write(stream->fd, bytes + taken, length - taken);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && errno != EAGAIN)
			refuse_more(stream);
		if (count < 0)
			break;
		taken += (size_t)count;
	}
	give_credit(stream, taken);
	return taken;
}

void mux_local_write(struct mux_stream *stream, const uint8_t *bytes, size_t length)
{
	if (stream->fd < 0 || stream->unwanted)
		return;
	size_t waiting = runv_queue_length(&stream->pending);
	if (waiting > 0) {
		size_t taken = put(stream, runv_queue_front(&stream->pending), waiting);
		if (stream->unwanted)
			return;
		runv_queue_drop(&stream->pending, taken);
		waiting -= taken;
	}
	size_t taken = waiting == 0 ? put(stream, bytes, length) : 0;
	if (!stream->unwanted && runv_queue_add(&stream->pending, bytes + taken, length - taken) < 0)
		stream->mux->failure = "out of memory";
}

static uint32_t interest(const struct mux_stream *stream)
{
	uint32_t events = 0;
	if (may_read(stream) && !stream->starved)
		events |= EPOLLIN;
	if (runv_queue_length(&stream->pending) > 0)
		events |= EPOLLOUT;
	/* Nothing comes from here any more: a hang-up says that nobody reads either. */
	if (stream->send_ended && !stream->receive_ended && !stream->unwanted)
		events |= EPOLLERR;
	return events;
}

void mux_local_update(struct mux_stream *stream)
{
	if (stream->fd < 0)
		return;
	bool delivered = stream->receive_ended && runv_queue_length(&stream->pending) == 0;
	if (delivered && !stream->end_told)
		shutdown(stream->fd, SHUT_WR);
	stream->end_told = delivered;
	if (stream->send_ended && (delivered || stream->unwanted))
		mux_local_close(stream);
	else if (runv_loop_rewatch(stream->fd, interest(stream)) < 0)
		stream->mux->failure = "epoll refuses a stream";
}

static void ready(JSContext *ctx, int fd, uint32_t events, void *opaque)
{
	(void)fd;
	struct mux_stream *stream = opaque;
	struct mux *mux = stream->mux;
	if (events & EPOLLOUT)
		mux_local_write(stream, NULL, 0);
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		int sent = 1;
		for (int frames = 0; frames < FRAMES_PER_TURN && sent == 1; frames++)
			sent = mux_local_read(stream);
		if (sent < 0)
			mux->failure = "out of memory";
	}
	if ((events & (EPOLLHUP | EPOLLERR)) && stream->send_ended)
		refuse_more(stream);
	mux_stream_settle(stream);
	mux->work_waits = true;
	mux_settle(ctx, mux);
}

int mux_local_watch(struct mux_stream *stream)
{
	return runv_loop_watch(stream->fd, 0, ready, stream);
}
