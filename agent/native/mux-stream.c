#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop.h"
#include "mux.h"
#include "program.h"

enum { WORD_BYTES = 4, OPEN_BYTES = 8 };

static struct mux_stream **slot_of(struct mux *mux, uint32_t id)
{
	return &mux->slots[id % MUX_SLOTS];
}

static struct mux_stream *find(struct mux *mux, uint32_t id)
{
	struct mux_stream *stream = *slot_of(mux, id);
	return stream && stream->id == id ? stream : NULL;
}

uint32_t mux_stream_free_id(struct mux *mux)
{
	do
		mux->next_id++;
	while (*slot_of(mux, mux->next_id));
	return mux->next_id;
}

struct mux_stream *mux_stream_new(struct mux *mux, uint32_t id, int *handed)
{
	int ends[2] = {-1, -1};
	struct mux_stream *stream = calloc(1, sizeof *stream);
	if (!stream)
		return NULL;
	if (handed && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0) {
		free(stream);
		return NULL;
	}
	stream->mux = mux;
	stream->id = id;
	stream->fd = ends[0];
	stream->handed = -1;
	stream->window = MUX_STREAM_WINDOW_BYTES;
	stream->done = JS_UNDEFINED;
	if (handed)
		*handed = ends[1];
	if (handed && mux_local_watch(stream) < 0) {
		close(ends[0]);
		close(ends[1]);
		free(stream);
		return NULL;
	}
	*slot_of(mux, id) = stream;
	stream->next = mux->streams;
	mux->streams = stream;
	mux->stream_count++;
	return stream;
}

void mux_stream_free(JSContext *ctx, struct mux_stream *stream)
{
	struct mux *mux = stream->mux;
	struct mux_stream **link = &mux->streams;
	while (*link != stream)
		link = &(*link)->next;
	*link = stream->next;
	if (find(mux, stream->id) == stream)
		*slot_of(mux, stream->id) = NULL;
	mux->stream_count--;
	mux_local_close(stream);
	runv_queue_clear(&stream->pending);
	if (stream->handed >= 0)
		close(stream->handed);
	JS_FreeValue(ctx, stream->done);
	free(stream);
}

/* Nothing more will be said about it: its number is free, while what was received may still wait for its reader. */
static void forget_number(struct mux_stream *stream)
{
	if (stream->final_sent && stream->receive_ended && find(stream->mux, stream->id) == stream)
		*slot_of(stream->mux, stream->id) = NULL;
}

void mux_stream_settle(struct mux_stream *stream)
{
	forget_number(stream);
	mux_local_update(stream);
}

static int say(struct mux_stream *stream, unsigned type, const uint32_t *words, uint32_t count)
{
	uint8_t payload[OPEN_BYTES];
	const struct mux_header header = {.type = type, .stream = stream->id, .length = WORD_BYTES * count};
	for (uint32_t index = 0; index < count; index++)
		mux_put_u32(payload + WORD_BYTES * index, words[index]);
	return mux_link_send(stream->mux, &header, payload);
}

/* One of the things that are due, in the order in which the peer must hear them. */
static int say_next(struct mux_stream *stream)
{
	static const struct {
		unsigned due;
		unsigned type;
	} order[] = {{MUX_DUE_OPEN, MUX_OPEN},     {MUX_DUE_ACCEPT, MUX_ACCEPT}, {MUX_DUE_REFUSE, MUX_REFUSE},
	             {MUX_DUE_CREDIT, MUX_CREDIT}, {MUX_DUE_STOP, MUX_STOP},     {MUX_DUE_EOF, MUX_EOF},
	             {MUX_DUE_RESET, MUX_RESET}};
	size_t index = 0;
	while ((stream->due & order[index].due) == 0)
		index++;
	stream->due &= ~order[index].due;
	const uint32_t opening[] = {stream->port, MUX_STREAM_WINDOW_BYTES};
	const uint32_t credit = stream->credit_due;
	switch (order[index].type) {
	case MUX_OPEN:
		return say(stream, MUX_OPEN, opening, 2);
	case MUX_ACCEPT:
		return say(stream, MUX_ACCEPT, opening + 1, 1);
	case MUX_CREDIT:
		stream->window += credit;
		stream->credit_due = 0;
		return say(stream, MUX_CREDIT, &credit, 1);
	case MUX_STOP:
		return say(stream, MUX_STOP, NULL, 0);
	default:
		stream->final_sent = true;
		return say(stream, order[index].type, NULL, 0);
	}
}

int mux_stream_say(struct mux_stream *stream)
{
	while (stream->due != 0) {
		if (!mux_link_has_room(stream->mux)) {
			stream->mux->work_waits = true;
			return 0;
		}
		if (say_next(stream) < 0)
			return -1;
	}
	return 0;
}

void mux_stream_abort(struct mux_stream *stream)
{
	if (stream->due & MUX_DUE_OPEN) { /* the peer has never heard of it */
		stream->due = 0;
		stream->final_sent = stream->receive_ended = true;
	} else if (!stream->final_sent) {
		stream->due = MUX_DUE_RESET | (stream->due & MUX_DUE_ACCEPT);
	}
	stream->send_ended = true;
	stream->unwanted = true;
	runv_queue_clear(&stream->pending);
	mux_local_close(stream);
	stream->mux->work_waits = true;
}

void mux_stream_cut(struct mux_stream *stream)
{
	stream->due = 0;
	stream->starved = false;
	stream->accepted = stream->send_ended = stream->final_sent = stream->receive_ended = true;
	if (stream->handed >= 0) {
		close(stream->handed);
		stream->handed = -1;
	}
	mux_stream_settle(stream);
}

static const char *opened(JSContext *ctx, struct mux *mux, const struct mux_header *header,
                          const uint8_t *payload)
{
	if (mux->dialer || header->length != OPEN_BYTES || *slot_of(mux, header->stream))
		return "protocol: a stream is opened wrongly";
	const uint32_t number = mux_get_u32(payload);
	const struct mux_port *port = NULL;
	for (int index = 0; index < mux->port_count; index++)
		port = mux->ports[index].number == number ? &mux->ports[index] : port;
	int handed = -1;
	struct mux_stream *stream = NULL;
	if (port && mux->stream_count < MUX_MAX_STREAMS)
		stream = mux_stream_new(mux, header->stream, &handed);
	if (!stream) { /* nobody listens, or there is nothing to make it of */
		stream = mux_stream_new(mux, header->stream, NULL);
		if (!stream)
			return "out of memory";
		stream->send_ended = stream->receive_ended = true;
		stream->due = MUX_DUE_REFUSE;
		return NULL;
	}
	stream->port = number;
	stream->accepted = true;
	stream->send_credit = mux_get_u32(payload + WORD_BYTES);
	if (stream->send_credit > MUX_MAX_CREDIT_BYTES)
		stream->send_credit = MUX_MAX_CREDIT_BYTES;
	stream->due = MUX_DUE_ACCEPT;
	JSValue argument = JS_NewInt32(ctx, handed);
	runv_call(ctx, port->on_connection, 1, &argument);
	return NULL;
}

/* Tells the dialer's user, who then owns the socket. */
static void tell_opened(JSContext *ctx, struct mux_stream *stream, bool accepted)
{
	JSValue done = stream->done;
	int handed = stream->handed;
	stream->done = JS_UNDEFINED;
	stream->handed = -1;
	if (!accepted && handed >= 0)
		close(handed);
	JSValue argument = accepted ? JS_NewInt32(ctx, handed) : JS_NULL;
	runv_call(ctx, done, 1, &argument);
	JS_FreeValue(ctx, done);
}

static const char *answered(JSContext *ctx, struct mux_stream *stream, const struct mux_header *header,
                            const uint8_t *payload)
{
	bool accepted = header->type == MUX_ACCEPT;
	if (!stream->mux->dialer || stream->accepted || header->length != (accepted ? WORD_BYTES : 0U))
		return "protocol: an answer to nothing";
	stream->accepted = true;
	if (stream->final_sent || (stream->due & MUX_DUE_RESET)) { /* cancelled meanwhile */
		stream->receive_ended = stream->receive_ended || !accepted;
		return NULL;
	}
	if (accepted) {
		stream->send_credit = mux_get_u32(payload);
		if (stream->send_credit > MUX_MAX_CREDIT_BYTES)
			return "protocol: too much credit";
	} else {
		stream->send_ended = stream->final_sent = stream->receive_ended = stream->unwanted = true;
		mux_local_close(stream);
	}
	tell_opened(ctx, stream, accepted);
	return NULL;
}

static const char *data(struct mux_stream *stream, const struct mux_header *header, const uint8_t *payload)
{
	if (stream->receive_ended || !stream->accepted)
		return "protocol: bytes of a stream that is not open";
	if (header->length > stream->window)
		return "protocol: more bytes than there was credit for";
	stream->window -= header->length;
	mux_local_write(stream, payload, header->length);
	return NULL;
}

static const char *credit(struct mux_stream *stream, const struct mux_header *header, const uint8_t *payload)
{
	if (header->length != WORD_BYTES)
		return "protocol: a credit of the wrong size";
	uint32_t more = mux_get_u32(payload);
	if (more > MUX_MAX_CREDIT_BYTES - stream->send_credit)
		return "protocol: too much credit";
	stream->send_credit += more;
	return NULL;
}

/* The peer takes no more: whoever writes here gets EPIPE. */
static void stopped(struct mux_stream *stream)
{
	if (stream->send_ended)
		return;
	stream->send_ended = true;
	stream->due |= MUX_DUE_EOF;
	if (stream->fd >= 0)
		shutdown(stream->fd, SHUT_RD);
}

static void reset(struct mux_stream *stream)
{
	stream->receive_ended = true;
	mux_stream_abort(stream);
}

/* The rest is about a stream that is there; what comes late for one that is over does not matter. */
static const char *of_stream(JSContext *ctx, struct mux_stream *stream, const struct mux_header *header,
                             const uint8_t *payload)
{
	switch (header->type) {
	case MUX_ACCEPT:
	case MUX_REFUSE:
		return answered(ctx, stream, header, payload);
	case MUX_DATA:
		return data(stream, header, payload);
	case MUX_EOF:
		stream->receive_ended = true;
		return NULL;
	case MUX_CREDIT:
		return credit(stream, header, payload);
	case MUX_STOP:
		stopped(stream);
		return NULL;
	case MUX_RESET:
		reset(stream);
		return NULL;
	default:
		return "protocol: a frame of no known type";
	}
}

const char *mux_stream_frame(JSContext *ctx, struct mux *mux, const struct mux_header *header,
                             const uint8_t *payload)
{
	const char *failure = NULL;
	struct mux_stream *stream = find(mux, header->stream);
	if (header->type == MUX_OPEN)
		failure = opened(ctx, mux, header, payload);
	else if (stream)
		failure = of_stream(ctx, stream, header, payload);
	else
		return NULL;
	stream = find(mux, header->stream);
	if (failure || !stream)
		return failure;
	mux_stream_settle(stream);
	mux->work_waits = true;
	return NULL;
}
