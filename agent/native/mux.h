/* The multiplexer: many streams over one carrier, which may lose bytes. mux-link-*.c make frames arrive in order and once, mux-stream.c
 * gives streams their meaning, mux-local.c moves bytes between a stream and its socket here, mux.c is the object of TypeScript's. */
#ifndef RUNV_MUX_H
#define RUNV_MUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "byte-queue.h"
#include "mux-frame.h"
#include "quickjs.h"

enum {
	/* Bytes of a stream that a side may send before the other has taken any: as a vsock connection of Linux has by default. */
	MUX_STREAM_WINDOW_BYTES = 262144,
	/* More than this is never granted, whatever the peer says. */
	MUX_MAX_CREDIT_BYTES = 1 << 20,
	MUX_MAX_STREAMS = 512,
	/* Twice as many, so that a free one is found soon. */
	MUX_SLOTS = 1024,
	MUX_MAX_PORTS = 8,
	/* The largest frame about the link is 36 bytes, and there are five kinds. */
	MUX_CONTROL_BYTES = 256,
	MUX_RECEIVE_BYTES = 2 * MUX_MAX_FRAME_BYTES,
	/* Frames that are kept until the peer has them. */
	MUX_MAX_HELD_FRAMES = 256,
};

/* What a stream has still to say; said as soon as the link has room. */
enum mux_due {
	MUX_DUE_OPEN = 1,
	MUX_DUE_ACCEPT = 2,
	MUX_DUE_REFUSE = 4,
	MUX_DUE_CREDIT = 8,
	MUX_DUE_STOP = 16,
	MUX_DUE_EOF = 32,
	MUX_DUE_RESET = 64,
};

struct mux;

struct mux_stream {
	struct mux_stream *next;
	struct mux *mux;
	uint32_t id;
	uint32_t port;
	int fd;     /* our end of its socket; -1 once closed */
	int handed; /* the dialer's user's end until the peer has accepted; -1 */
	unsigned due;
	bool accepted;
	/* Going out. */
	uint32_t send_credit;
	bool send_ended; /* EOF or RESET is said, or due */
	bool final_sent; /* it is said */
	bool starved;    /* there is something to read here, and the link has no room */
	/* Coming in. */
	uint32_t window; /* bytes that the peer may still send */
	uint32_t credit_due;
	bool receive_ended; /* the peer has said EOF or RESET */
	bool end_told;      /* to the socket here */
	bool unwanted;      /* nobody here reads any more */
	struct runv_byte_queue pending;
	JSValue done; /* a dialer's: told how the opening went */
};

struct mux_held {
	struct mux_held *next;
	struct mux_header header;
	size_t length;
	uint8_t bytes[];
};

struct mux_port {
	uint32_t number;
	JSValue on_connection;
};

struct mux {
	int fd; /* the carrier; -1 once closed */
	bool dialer;
	const char *failure; /* why the link is over, until TypeScript has been told */
	/* The session. */
	struct mux_framing framing;
	bool up;        /* both ends know the session's number */
	bool confirmed; /* the peer has shown that it does */
	/* Going out: frames that the peer has not acknowledged yet, and where among them writing has come to. A reliable carrier has
	 * acknowledged what it has taken. */
	size_t window_bytes, payload_bytes;
	struct mux_held *first, *last, *cursor;
	struct mux_held *spare; /* for the longest frame, to be filled; NULL */
	size_t cursor_offset;
	size_t held_bytes, held_frames;
	uint32_t next_sequence, acknowledged;
	bool rewind_due;
	/* Frames about the link itself. */
	bool hello_due, welcome_due, ack_due, nak_due, probe_due;
	uint8_t control[MUX_CONTROL_BYTES];
	size_t control_start, control_end;
	bool blocked; /* the carrier takes no more for now */
	/* Coming in. */
	uint8_t *received;
	size_t received_start, received_end;
	uint32_t expected;
	uint32_t nak_for; /* the frame that has been asked for again */
	size_t unacked_bytes, unacked_frames;
	/* Time. */
	int timer;
	bool armed;
	bool progress; /* since the timer was armed */
	unsigned silent_turns;
	/* Streams. */
	struct mux_stream *streams, *slots[MUX_SLOTS];
	size_t stream_count;
	uint32_t next_id;
	bool work_waits; /* a stream has something to say or to send for which there was no room */
	struct mux_port ports[MUX_MAX_PORTS];
	int port_count;
	JSValue on_broken, self;
};

/* The link, outwards (mux-link-send.c). */
bool mux_link_has_room(const struct mux *mux);
/* Where a stream's next bytes may be put, `payload_bytes` at most, so that sending them need not copy them. NULL without memory. */
uint8_t *mux_link_buffer(struct mux *mux);
/* Takes a numbered frame; the caller has seen that there is room. 0, or -1 without memory. */
int mux_link_send(struct mux *mux, const struct mux_header *header, const uint8_t *payload);
/* What the peer says it has. NULL, or why the link is over. */
const char *mux_link_acknowledge(struct mux *mux, uint32_t acknowledged);
/* Writes as long as the carrier takes it. 0, or -1 with errno. */
int mux_link_write(struct mux *mux);
void mux_link_release(struct mux *mux);

/* The link, inwards (mux-link-receive.c). Reads and handles what has come: NULL, or why the link is over. It calls into TypeScript. */
const char *mux_link_receive(JSContext *ctx, struct mux *mux);
/* Gives up on a frame whose rest does not come; on a reliable carrier it does. */
const char *mux_link_skip_partial(JSContext *ctx, struct mux *mux);

/* Time (mux-timer.c). */
int mux_timer_open(struct mux *mux);
void mux_timer_close(struct mux *mux);
/* Arms it when something is waited for that may never come. */
void mux_timer_update(struct mux *mux);

/* Streams (mux-stream.c). */

/* NULL, or how the peer broke protocol. It calls into TypeScript, which may close everything. */
const char *mux_stream_frame(JSContext *ctx, struct mux *mux, const struct mux_header *header,
                             const uint8_t *payload);
/* A new stream with a socket: *handed is its user's end. NULL with errno. */
struct mux_stream *mux_stream_new(struct mux *mux, uint32_t id, int *handed);
/* A free number. */
uint32_t mux_stream_free_id(struct mux *mux);
/* Says what is due, as far as the link has room. 0, or -1 without memory. */
int mux_stream_say(struct mux_stream *stream);
/* Ends both directions at once. */
void mux_stream_abort(struct mux_stream *stream);
/* The link is gone: what was received is all there will be. */
void mux_stream_cut(struct mux_stream *stream);
/* Does what follows from what has changed. */
void mux_stream_settle(struct mux_stream *stream);
void mux_stream_free(JSContext *ctx, struct mux_stream *stream);

/* A stream's own socket (mux-local.c). */
int mux_local_watch(struct mux_stream *stream);
/* Sends what can be read here: one frame at most. 1 when it did, 0, or -1 without memory. */
int mux_local_read(struct mux_stream *stream);
void mux_local_write(struct mux_stream *stream, const uint8_t *bytes, size_t length);
/* Tells the socket what has ended, and waits for what can happen next. */
void mux_local_update(struct mux_stream *stream);
void mux_local_close(struct mux_stream *stream);

/* The whole (mux-run.c). After every event: lets every stream say and send what it can, writes, waits. It may call into TypeScript. */
void mux_settle(JSContext *ctx, struct mux *mux);
/* Handlers of the loop for the carrier and the timer. */
void mux_carrier_ready(JSContext *ctx, int fd, uint32_t events, void *opaque);
void mux_time_passed(JSContext *ctx, int fd, uint32_t events, void *opaque);
/* Lets go of everything at once. */
void mux_tear_down(JSContext *ctx, struct mux *mux);

#endif
