#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "args.h"
#include "errors.h"
#include "loop.h"
#include "process-io.h"
#include "program.h"

/* Reads from the connection before other descriptors get their turn. */
enum { READS_PER_TURN = 4 };

static bool is_stream_type(unsigned type)
{
	return type >= PIO_DATA && type <= PIO_CLOSED;
}

/* The reader is gone, or nothing is left to write: what comes now is thrown away. */
void pio_sink_abandon(struct pio_sink *sink)
{
	runv_queue_clear(&sink->pending);
	runv_stdio_close(&sink->stdio);
	sink->finished = true;
}

void pio_sink_fail(struct pio_sink *sink)
{
	if (sink->finished)
		return;
	if (!sink->eof)
		sink->closed_due = true;
	pio_sink_abandon(sink);
}

static void took(struct pio_sink *sink, size_t length)
{
	sink->credit_due += (uint32_t)length;
}

/* Waiting for room, or only for the news that the reader is gone. A pty's master reports a hang-up whenever no process happens to have it open. */
static void watch_sink(struct pio_sink *sink)
{
	bool waits = runv_queue_length(&sink->pending) > 0;
	if (runv_loop_rewatch(sink->stdio.fd, waits ? EPOLLOUT : sink->keep_open ? 0 : EPOLLERR) < 0)
		pio_sink_fail(sink);
}

/* Writes straight from the received bytes; the rest waits in `pending`, at most a window of it. */
static int deliver(struct pio_sink *sink, const uint8_t *bytes, size_t length)
{
	if (sink->finished)
		return 0;
	while (sink->attached && length > 0 && runv_queue_length(&sink->pending) == 0) {
		ssize_t count = runv_stdio_write(&sink->stdio, bytes, length);
		if (count < 0 && errno == EAGAIN)
			break;
		if (count < 0) {
			pio_sink_fail(sink);
			return 0;
		}
		took(sink, (size_t)count);
		bytes += count;
		length -= (size_t)count;
		if (!runv_stdio_repeats(&sink->stdio))
			break;
	}
	if (length == 0)
		return 0;
	if (runv_queue_add(&sink->pending, bytes, length) < 0)
		return -1;
	if (sink->attached)
		watch_sink(sink);
	return 0;
}

void pio_sink_write(struct process_io *io, int stream)
{
	struct pio_sink *sink = &io->sinks[stream];
	if (!sink->attached || sink->finished)
		return;
	while (runv_queue_length(&sink->pending) > 0) {
		ssize_t count = runv_stdio_write(&sink->stdio, runv_queue_front(&sink->pending),
		                                 runv_queue_length(&sink->pending));
		if (count < 0 && errno == EAGAIN)
			break;
		if (count < 0) {
			pio_sink_fail(sink);
			return;
		}
		took(sink, (size_t)count);
		runv_queue_drop(&sink->pending, (size_t)count);
		if (!runv_stdio_repeats(&sink->stdio))
			break;
	}
	if (runv_queue_length(&sink->pending) > 0 || !sink->eof) {
		watch_sink(sink);
		return;
	}
	if (sink->half_close)
		shutdown(sink->stdio.fd, SHUT_WR);
	pio_sink_abandon(sink);
}

void pio_sink_ready(struct process_io *io, int stream, uint32_t events)
{
	struct pio_sink *sink = &io->sinks[stream];
	bool nothing_waits = runv_queue_length(&sink->pending) == 0;
	if (nothing_waits && (events & (EPOLLERR | EPOLLHUP)) != 0)
		pio_sink_fail(sink);
	else
		pio_sink_write(io, stream);
}

static const char *begin_data(struct pio_sink *sink, uint32_t length)
{
	if (length == 0)
		return "protocol: empty DATA";
	if (sink->eof)
		return "protocol: DATA after EOF";
	if (length > sink->window)
		return "protocol: more DATA than credit";
	sink->window -= length;
	return NULL;
}

static const char *end_of_stream(struct process_io *io, int stream, uint32_t length)
{
	struct pio_sink *sink = &io->sinks[stream];
	if (length != 0)
		return "protocol: EOF with a payload";
	if (sink->eof)
		return "protocol: EOF twice";
	sink->eof = true;
	/* Unless both directions are over: then closing says it, to whom no other copy of the socket is left. */
	sink->half_close = pio_is_two_way(io, stream) && !io->sources[stream].closed_by_peer;
	pio_sink_write(io, stream);
	return NULL;
}

static const char *reader_gone(struct pio_source *source, uint32_t length)
{
	if (length != 0)
		return "protocol: CLOSED with a payload";
	source->closed_by_peer = true;
	if (source->attached)
		pio_source_end(source);
	return NULL;
}

static const char *more_credit(struct pio_source *source, const uint8_t *payload)
{
	uint32_t amount = pio_get_u32(payload);
	if (amount == 0)
		return "protocol: CREDIT of nothing";
	if (amount > PIO_WINDOW_BYTES - source->credit)
		return "protocol: more CREDIT than the window";
	source->credit += amount;
	return NULL;
}

/* A header is complete: NULL, or what is wrong with it. */
static const char *begin_frame(struct process_io *io)
{
	unsigned type = io->header[0], stream = io->header[1];
	uint32_t length = pio_get_u32(io->header + 4);
	if (io->header[2] != 0 || io->header[3] != 0)
		return "protocol: reserved bits are set";
	if (length > PIO_MAX_PAYLOAD)
		return "protocol: payload too long";
	if (type == 0 || type > PIO_LAST_TYPE)
		return "protocol: unknown frame type";
	if (stream >= (is_stream_type(type) ? (unsigned)io->stream_count : 1))
		return "protocol: no such stream";
	if (!io->sources[stream].open && !io->sinks[stream].open)
		return "protocol: no such stream";
	io->payload_left = length;
	bool for_sink = type == PIO_DATA || type == PIO_EOF;
	if (is_stream_type(type) && for_sink && !io->sinks[stream].open)
		return "protocol: DATA on a stream that this side sends";
	if (is_stream_type(type) && !for_sink && !io->sources[stream].open)
		return "protocol: CREDIT on a stream that this side receives";
	if (type == PIO_DATA)
		return begin_data(&io->sinks[stream], length);
	if (type == PIO_EOF)
		return end_of_stream(io, (int)stream, length);
	if (type == PIO_CLOSED)
		return reader_gone(&io->sources[stream], length);
	if (type == PIO_CREDIT && length != 4)
		return "protocol: CREDIT is not 4 bytes";
	return NULL;
}

/* A frame for TypeScript, or credit, has arrived whole. */
static const char *end_frame(JSContext *ctx, struct process_io *io)
{
	unsigned type = io->header[0];
	const char *wrong = NULL;
	if (type == PIO_CREDIT)
		wrong = more_credit(&io->sources[io->header[1]], runv_queue_front(&io->payload));
	if (is_stream_type(type)) {
		runv_queue_clear(&io->payload);
		return wrong;
	}
	JSValue arguments[] = {JS_NewUint32(ctx, type), runv_new_bytes(ctx, runv_queue_front(&io->payload),
	                                                               runv_queue_length(&io->payload))};
	runv_queue_clear(&io->payload);
	runv_call(ctx, io->on_frame, 2, arguments);
	return NULL;
}

/* As much of the current frame as these bytes hold; how many that were. Negative without memory. */
static ssize_t take_payload(struct process_io *io, const uint8_t *bytes, size_t length)
{
	size_t here = length < io->payload_left ? length : io->payload_left;
	int status = io->header[0] == PIO_DATA ? deliver(&io->sinks[io->header[1]], bytes, here)
	                                       : runv_queue_add(&io->payload, bytes, here);
	io->payload_left -= here;
	return status < 0 ? -1 : (ssize_t)here;
}

static const char *parse(JSContext *ctx, struct process_io *io, const uint8_t *bytes, size_t length)
{
	while (length > 0 && io->connection >= 0) {
		if (io->header_length < PIO_HEADER_BYTES) {
			size_t here = PIO_HEADER_BYTES - io->header_length;
			if (here > length)
				here = length;
			memcpy(io->header + io->header_length, bytes, here);
			io->header_length += here;
			bytes += here;
			length -= here;
			if (io->header_length < PIO_HEADER_BYTES)
				return NULL;
			const char *wrong = begin_frame(io);
			if (wrong)
				return wrong;
		}
		ssize_t taken = take_payload(io, bytes, length);
		if (taken < 0)
			return "ENOMEM";
		bytes += taken;
		length -= (size_t)taken;
		if (io->payload_left > 0)
			continue;
		io->header_length = 0;
		const char *wrong = end_frame(ctx, io);
		if (wrong)
			return wrong;
	}
	return NULL;
}

const char *pio_receive(JSContext *ctx, struct process_io *io)
{
	for (int reads = 0; reads < READS_PER_TURN && io->connection >= 0; reads++) {
		uint8_t *buffer = pio_take_buffer();
		if (!buffer)
			return "ENOMEM";
		const size_t room = PIO_HEADER_BYTES + PIO_MAX_PAYLOAD;
		ssize_t count = recv(io->connection, buffer, room, MSG_DONTWAIT);
		int failure = errno;
		const char *wrong = count > 0 ? parse(ctx, io, buffer, (size_t)count) : NULL;
		pio_give_buffer(buffer);
		if (wrong)
			return wrong;
		if (count == 0)
			return "closed";
		if (count < 0 && failure == EAGAIN)
			return NULL;
		if (count < 0 && failure != EINTR)
			return runv_errno_name(failure);
		if (count > 0 && (size_t)count < room)
			return NULL;
	}
	return NULL;
}

bool pio_all_delivered(const struct process_io *io)
{
	bool any = false;
	for (int stream = 0; stream < io->stream_count; stream++) {
		if (io->sinks[stream].attached && !io->sinks[stream].finished)
			return false;
		any = any || io->sinks[stream].attached;
	}
	return any;
}

size_t pio_pending_bytes(const struct process_io *io)
{
	size_t bytes = 0;
	for (int stream = 0; stream < io->stream_count; stream++)
		bytes += runv_queue_length(&io->sinks[stream].pending);
	return bytes;
}

void pio_sinks_end(struct process_io *io)
{
	for (int stream = 0; stream < io->stream_count; stream++) {
		io->sinks[stream].eof = true;
		io->sinks[stream].closed_due = io->sinks[stream].half_close = false;
		pio_sink_write(io, stream);
	}
}
