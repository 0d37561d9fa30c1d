/* The process-I/O protocol (agent/protocol/README.md), shared between its halves: process-io-send.c, process-io-receive.c and the object in
 * process-io.c. No function here calls back into TypeScript, except pio_receive. */
#ifndef RUNV_PROCESS_IO_H
#define RUNV_PROCESS_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "byte-queue.h"
#include "quickjs.h"
#include "stdio-fd.h"

enum {
	PIO_STANDARD_STREAMS = 3, /* every connection has them */
	PIO_MAX_STREAMS = 256,    /* a stream's number is a byte */
	PIO_HEADER_BYTES = 8,
	PIO_MAX_PAYLOAD = 65536,
	PIO_WINDOW_BYTES = 262144,
	/* Credit goes back in pieces of at least this, so that small writes do not cost a frame each. */
	PIO_CREDIT_STEP_BYTES = 65536,
	/* But a peer that has none left gets what there is so often, so that it sees a slow reader move. */
	PIO_CREDIT_INTERVAL_MS = 100,
	/* No credit is given while more than this waits for a slow connection. */
	PIO_MAX_CREDIT_QUEUED_BYTES = 4096,
	/* Frames of TypeScript's that wait for a slow connection. */
	PIO_MAX_QUEUED_BYTES = 1 << 20,
};

enum pio_type { PIO_DATA = 4, PIO_EOF = 5, PIO_CREDIT = 6, PIO_CLOSED = 7, PIO_LAST_TYPE = 10 };

/* A stream whose bytes this side reads from a descriptor and sends. */
struct pio_source {
	struct runv_stdio stdio;
	bool open; /* frames about it may come and go */
	bool attached;
	bool passed_over; /* had something while the connection had no room: next in turn */
	bool eof_due;     /* the descriptor has ended: EOF is to be sent */
	bool finished;    /* EOF is sent, or queued to be, or nobody wants more */
	bool closed_by_peer;
	bool half_close; /* when nobody wants more, the descriptor's other direction goes on */
	bool draining;
	size_t drain_left;
	uint32_t credit;
};

/* A stream whose bytes this side receives and writes to a descriptor. */
struct pio_sink {
	struct runv_stdio stdio;
	bool open;
	bool attached;
	bool keep_open;
	bool half_close; /* at the end, the descriptor's other direction goes on */
	bool eof;        /* no more will come */
	bool finished;   /* everything is written, or cannot be */
	bool closed_due; /* the reader is gone: CLOSED is to be sent */
	uint32_t window; /* bytes that the peer may still send */
	uint32_t credit_due;
	int64_t credited_at_ns;
	struct runv_byte_queue pending;
};

struct process_io {
	int connection;   /* -1 once it has ended */
	bool send_failed; /* the peer reads no more, but what it wrote before may still come */
	/* By stream. A standard one is open in both directions until it is attached in one, a further one as pio_open says. */
	struct pio_source *sources;
	struct pio_sink *sinks;
	int stream_count;
	/* Going out: the frame that is being written, then whole frames that wait. */
	uint8_t *frame;
	size_t frame_start, frame_end;
	struct runv_byte_queue queued;
	int next_source;
	uint64_t sent_bytes; /* of sources */
	/* Coming in: the header, then what is left of the payload. */
	uint8_t header[PIO_HEADER_BYTES];
	size_t header_length;
	size_t payload_left;
	struct runv_byte_queue payload; /* of a frame for TypeScript */
	/* TypeScript's side. */
	JSValue on_frame, on_drained, on_delivered, on_broken;
	JSValue self; /* keeps the object while something can still happen */
	bool drained_told, delivered_told;
};

static inline void pio_put_header(uint8_t *header, unsigned type, unsigned stream, uint32_t length)
{
	header[0] = (uint8_t)type;
	header[1] = (uint8_t)stream;
	header[2] = header[3] = 0;
	for (int index = 0; index < 4; index++)
		header[4 + index] = (uint8_t)(length >> (24 - 8 * index));
}

static inline uint32_t pio_get_u32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Opens further streams up to this number, that one in these directions. 0, or -1 with ENOMEM. */
int pio_open(struct process_io *io, int stream, bool sends, bool receives);

/* Both directions at once: the two ends of a socket, which has a half-close. */
static inline bool pio_is_two_way(const struct process_io *io, int stream)
{
	return stream >= PIO_STANDARD_STREAMS && io->sources[stream].open && io->sinks[stream].open;
}

/* Sending (process-io-send.c). */

/* Writes what waits and reads sources as long as neither blocks. 0, or -1 with the errno of the connection. */
int pio_send(struct process_io *io);
/* Everything that waits, without reading further from sources: before closing. */
void pio_flush(struct process_io *io);
/* Queues a frame; the caller bounds how much waits. 0 or -1 with ENOMEM. */
int pio_queue_frame(struct process_io *io, unsigned type, unsigned stream, const uint8_t *payload,
                    size_t length);
bool pio_output_waits(const struct process_io *io);
void pio_source_attach(struct process_io *io, int stream);
void pio_source_ready(struct process_io *io, int stream);
/* No more from this source: EOF follows what was read. */
void pio_source_end(struct pio_source *source);
/* Nobody is there to receive: sources are closed, what waits is dropped. */
void pio_give_up_sending(struct process_io *io);
void pio_drain(struct process_io *io);
/* No more from any source: EOF follows what was read. */
void pio_end_sources(struct process_io *io);
bool pio_all_sent(const struct process_io *io);

/* Receiving (process-io-receive.c). */

/* Reads and handles what has come. NULL, or why the connection is over. Frames for TypeScript are given to `on_frame`. */
const char *pio_receive(JSContext *ctx, struct process_io *io);
/* Its descriptor can be written, or its reader is gone. */
void pio_sink_ready(struct process_io *io, int stream, uint32_t events);
/* Drops what waits and closes the descriptor. */
void pio_sink_abandon(struct pio_sink *sink);
/* Nothing can be written any more: CLOSED is due. */
void pio_sink_fail(struct pio_sink *sink);
/* Writes what waits for this sink. */
void pio_sink_write(struct process_io *io, int stream);
bool pio_all_delivered(const struct process_io *io);
size_t pio_pending_bytes(const struct process_io *io);
/* The connection has ended: what was received is all there will be. */
void pio_sinks_end(struct process_io *io);

/* A buffer for one frame; one is kept for the next to ask. */
uint8_t *pio_take_buffer(void);
void pio_give_buffer(uint8_t *buffer);

#endif
