#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "loop.h"
#include "process-io.h"
#include "timers.h"

/* Frames from one source before other descriptors get their turn. */
enum { FRAMES_PER_TURN = 8, BUFFER_BYTES = PIO_HEADER_BYTES + PIO_MAX_PAYLOAD };

static uint8_t *spare_buffer;

uint8_t *pio_take_buffer(void)
{
	uint8_t *buffer = spare_buffer ? spare_buffer : malloc(BUFFER_BYTES);
	spare_buffer = NULL;
	return buffer;
}

void pio_give_buffer(uint8_t *buffer)
{
	if (spare_buffer)
		free(buffer);
	else
		spare_buffer = buffer;
}

bool pio_output_waits(const struct process_io *io)
{
	return io->frame != NULL || runv_queue_length(&io->queued) > 0;
}

int pio_queue_frame(struct process_io *io, unsigned type, unsigned stream, const uint8_t *payload,
                    size_t length)
{
	uint8_t header[PIO_HEADER_BYTES];
	pio_put_header(header, type, stream, (uint32_t)length);
	if (runv_queue_add(&io->queued, header, sizeof header) == 0 &&
	    runv_queue_add(&io->queued, payload, length) == 0)
		return 0;
	errno = ENOMEM;
	return -1;
}

static ssize_t send_some(int connection, const uint8_t *bytes, size_t length)
{
	ssize_t count;
	do
		count = send(connection, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (count < 0 && errno == EINTR);
	return count;
}

/* The frame that is under way, then the queue: frames are never mixed. 0 when both are empty, 1 when the connection would block, -1. */
static int write_out(struct process_io *io)
{
	while (io->frame) {
		ssize_t count = send_some(io->connection, io->frame + io->frame_start,
		                          io->frame_end - io->frame_start);
		if (count < 0)
			return errno == EAGAIN ? 1 : -1;
		io->frame_start += (size_t)count;
		if (io->frame_start < io->frame_end)
			continue;
		pio_give_buffer(io->frame);
		io->frame = NULL;
	}
	while (runv_queue_length(&io->queued) > 0) {
		ssize_t count = send_some(io->connection, runv_queue_front(&io->queued),
		                          runv_queue_length(&io->queued));
		if (count < 0)
			return errno == EAGAIN ? 1 : -1;
		runv_queue_drop(&io->queued, (size_t)count);
	}
	return 0;
}

/* Tells the peer that it may send what this sink has got rid of. */
static int queue_credit(struct process_io *io, int stream)
{
	struct pio_sink *sink = &io->sinks[stream];
	uint8_t amount[4] = {(uint8_t)(sink->credit_due >> 24), (uint8_t)(sink->credit_due >> 16),
	                     (uint8_t)(sink->credit_due >> 8), (uint8_t)sink->credit_due};
	if (pio_queue_frame(io, PIO_CREDIT, (unsigned)stream, amount, sizeof amount) < 0)
		return -1;
	sink->window += sink->credit_due;
	sink->credit_due = 0;
	sink->credited_at_ns = runv_monotonic_ns();
	return 0;
}

static bool is_credit_due(const struct pio_sink *sink)
{
	if (sink->eof || sink->credit_due == 0)
		return false;
	if (sink->credit_due >= PIO_CREDIT_STEP_BYTES)
		return true;
	const int64_t interval_ns = PIO_CREDIT_INTERVAL_MS * INT64_C(1000000);
	return sink->window == 0 && runv_monotonic_ns() - sink->credited_at_ns >= interval_ns;
}

/* Credits, closed sinks and ended sources as frames. The latter two come once a stream, so they are never refused for want of room. Credit
 * stays due while the peer leaves so much unread: otherwise it could write on without ever reading, and let the queue grow with it. */
static int queue_notices(struct process_io *io)
{
	bool room_for_credit = runv_queue_length(&io->queued) < PIO_MAX_CREDIT_QUEUED_BYTES;
	for (int stream = 0; stream < io->stream_count; stream++) {
		struct pio_sink *sink = &io->sinks[stream];
		struct pio_source *source = &io->sources[stream];
		if (sink->closed_due) {
			if (pio_queue_frame(io, PIO_CLOSED, (unsigned)stream, NULL, 0) < 0)
				return -1;
			sink->closed_due = false;
		}
		if (room_for_credit && is_credit_due(sink) && queue_credit(io, stream) < 0)
			return -1;
		if (source->eof_due) {
			if (pio_queue_frame(io, PIO_EOF, (unsigned)stream, NULL, 0) < 0)
				return -1;
			source->eof_due = false;
			source->finished = true;
		}
	}
	return 0;
}

void pio_source_end(struct pio_source *source)
{
	if (source->half_close && source->stdio.fd >= 0)
		shutdown(source->stdio.fd, SHUT_RD);
	runv_stdio_close(&source->stdio);
	if (source->finished)
		return;
	if (source->closed_by_peer)
		source->finished = true;
	else
		source->eof_due = true;
}

static bool is_hung_up(int fd)
{
	struct pollfd entry = {.fd = fd};
	return poll(&entry, 1, 0) > 0 && (entry.revents & POLLHUP) != 0;
}

/* Its bytes are over. A socket that nobody has any more is over in both directions: the far side then closes it, and does not shut one of
 * them down for others who have it. */
static void end_of_source(struct process_io *io, int stream)
{
	struct pio_source *source = &io->sources[stream];
	if (pio_is_two_way(io, stream) && (source->draining || is_hung_up(source->stdio.fd)))
		pio_sink_fail(&io->sinks[stream]);
	pio_source_end(source);
}

static size_t wanted_bytes(const struct pio_source *source)
{
	size_t length = source->credit < PIO_MAX_PAYLOAD ? source->credit : PIO_MAX_PAYLOAD;
	return source->draining && source->drain_left < length ? source->drain_left : length;
}

/* One piece of a source as the next frame. True when a frame was made; false when there is nothing to send now. */
static bool make_frame(struct process_io *io, int stream)
{
	struct pio_source *source = &io->sources[stream];
	size_t wanted = wanted_bytes(source);
	if (source->draining && source->drain_left == 0) {
		end_of_source(io, stream);
		return false;
	}
	if (wanted == 0)
		return false; /* without credit */
	uint8_t *buffer = pio_take_buffer();
	ssize_t count = buffer ? runv_stdio_read(&source->stdio, buffer + PIO_HEADER_BYTES, wanted) : -1;
	if (count > 0) {
		pio_put_header(buffer, PIO_DATA, (unsigned)stream, (uint32_t)count);
		io->frame = buffer;
		io->frame_start = 0;
		io->frame_end = PIO_HEADER_BYTES + (size_t)count;
		source->credit -= (uint32_t)count;
		io->sent_bytes += (size_t)count;
		if (source->draining)
			source->drain_left -= (size_t)count;
		return true;
	}
	bool nothing_now = count < 0 && (errno == EAGAIN || errno == ENOMEM);
	if (buffer)
		pio_give_buffer(buffer);
	/* Any other error ends the stream too: EIO is how a pty's master says that the last slave was closed. */
	if (!nothing_now || source->draining)
		end_of_source(io, stream);
	return false;
}

static bool is_open(const struct pio_source *source)
{
	return source->attached && source->stdio.fd >= 0;
}

static int watch_sources(struct process_io *io)
{
	for (int stream = 0; stream < io->stream_count; stream++) {
		const struct pio_source *source = &io->sources[stream];
		if (!is_open(source))
			continue;
		if (runv_loop_rewatch(source->stdio.fd, source->credit > 0 ? EPOLLIN : 0) < 0)
			return -1;
	}
	return 0;
}

/* While the connection has no room, a source is watched until it has had its turn or has been passed over. */
static int rest(const struct pio_source *source)
{
	return is_open(source) ? runv_loop_rewatch(source->stdio.fd, 0) : 0;
}

/* Makes and writes frames from one source. 0 done for now, 1 the connection would block, -1. */
static int send_source(struct process_io *io, int stream)
{
	io->sources[stream].passed_over = false;
	for (int frames = 0; frames < FRAMES_PER_TURN && is_open(&io->sources[stream]); frames++) {
		if (!make_frame(io, stream))
			return 0;
		int blocked = write_out(io);
		if (blocked > 0 && rest(&io->sources[stream]) < 0)
			return -1;
		if (blocked != 0)
			return blocked;
		if (!runv_stdio_repeats(&io->sources[stream].stdio))
			return 0;
	}
	return 0;
}

static bool drains(const struct process_io *io)
{
	for (int stream = 0; stream < io->stream_count; stream++) {
		if (is_open(&io->sources[stream]) && io->sources[stream].draining &&
		    io->sources[stream].credit > 0)
			return true;
	}
	return false;
}

void pio_give_up_sending(struct process_io *io)
{
	io->send_failed = true;
	if (io->frame)
		pio_give_buffer(io->frame);
	io->frame = NULL;
	runv_queue_clear(&io->queued);
	for (int stream = 0; stream < io->stream_count; stream++) {
		struct pio_source *source = &io->sources[stream];
		source->closed_by_peer = true;
		source->eof_due = false;
		if (source->attached)
			pio_source_end(source);
		source->finished = true;
	}
}

static int send_all(struct process_io *io)
{
	int blocked = write_out(io);
	for (int turn = 0; turn < io->stream_count && blocked == 0; turn++) {
		int stream = (io->next_source + turn) % io->stream_count;
		const struct pio_source *source = &io->sources[stream];
		if (is_open(source) && (source->draining || source->passed_over))
			blocked = send_source(io, stream);
	}
	io->next_source = (io->next_source + 1) % io->stream_count;
	if (blocked >= 0 && queue_notices(io) < 0)
		return -1;
	if (blocked == 0)
		blocked = write_out(io);
	if (blocked < 0)
		return -1;
	if (blocked == 0 && watch_sources(io) < 0)
		return -1;
	return runv_loop_rewatch(io->connection, EPOLLIN | (blocked != 0 || drains(io) ? EPOLLOUT : 0U));
}

int pio_send(struct process_io *io)
{
	if (io->connection < 0)
		return 0;
	if (!io->send_failed && send_all(io) == 0)
		return 0;
	if (!io->send_failed && errno != EPIPE && errno != ECONNRESET)
		return -1;
	if (!io->send_failed)
		pio_give_up_sending(io);
	return runv_loop_rewatch(io->connection, EPOLLIN);
}

void pio_source_ready(struct process_io *io, int stream)
{
	if (io->connection < 0)
		return;
	if (!pio_output_waits(io)) {
		send_source(io, stream); /* if that fails, so does what pio_send tries next, and reports it */
		return;
	}
	io->sources[stream].passed_over = true;
	rest(&io->sources[stream]);
}

void pio_flush(struct process_io *io)
{
	if (io->connection >= 0 && !io->send_failed && queue_notices(io) == 0)
		write_out(io);
}

void pio_source_attach(struct process_io *io, int stream)
{
	struct pio_source *source = &io->sources[stream];
	source->attached = true;
	if (source->closed_by_peer)
		pio_source_end(source);
}

void pio_drain(struct process_io *io)
{
	for (int stream = 0; stream < io->stream_count; stream++) {
		struct pio_source *source = &io->sources[stream];
		if (!is_open(source) || source->draining)
			continue;
		size_t readable = runv_stdio_readable(&source->stdio);
		source->draining = true;
		source->drain_left = readable > PIO_MAX_PAYLOAD ? readable : PIO_MAX_PAYLOAD;
	}
}

void pio_end_sources(struct process_io *io)
{
	for (int stream = 0; stream < io->stream_count; stream++) {
		if (is_open(&io->sources[stream]))
			end_of_source(io, stream);
	}
}

bool pio_all_sent(const struct process_io *io)
{
	bool any = false;
	for (int stream = 0; stream < io->stream_count; stream++) {
		if (io->sources[stream].attached && !io->sources[stream].finished)
			return false;
		any = any || io->sources[stream].attached;
	}
	return any && !pio_output_waits(io);
}
