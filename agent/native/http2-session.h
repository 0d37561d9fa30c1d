#ifndef RUNV_HTTP2_SESSION_H
#define RUNV_HTTP2_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <nghttp2/nghttp2.h>

#include "http2-memory.h"
#include "http2-queue.h"

/* One server side of an HTTP/2 connection (RFC 9113) over nghttp2, without I/O: bytes in, bytes out, events.
 *
 * Bounds of a session, whatever the peer sends:
 *   nghttp2 itself              RUNV_HTTP2_MEMORY_MAX_BYTES (its own allocator)
 *   request headers             max_header_list_bytes, of the one block that is arriving
 *   request body not consumed   window_bytes a stream, max_streams * window_bytes together
 *   response body not yet sent  window_bytes a stream before `send` says stop, max_streams * window_bytes
 * together frames waiting to go out    RUNV_HTTP2_OUTBOUND_FRAMES_MAX A peer that floods (acknowledgements it
 * never reads, resets, CONTINUATION, empty or broken frames) gets GOAWAY with ENHANCE_YOUR_CALM and the
 * session is over. */

/* Outbound control frames (PING and SETTINGS acknowledgements, RST_STREAM) that may wait for a peer that does
 * not read. */
#define RUNV_HTTP2_OUTBOUND_FRAMES_MAX 1000
/* CONTINUATION frames of one header block. nghttp2 also counts every piece in which such a frame's header
 * arrives, so a carrier that cuts it byte by byte needs 9 for one frame. */
#define RUNV_HTTP2_CONTINUATIONS_MAX 72
/* Token bucket of a peer's offences: resets, frames that break a rule but not the connection, DATA without
 * data. */
#define RUNV_HTTP2_OFFENCES_BURST 1000
#define RUNV_HTTP2_OFFENCES_PER_SECOND 50

struct runv_http2_limits {
	uint32_t max_streams;
	uint32_t max_header_list_bytes;
	uint32_t window_bytes;
};

struct runv_http2_field {
	nghttp2_rcbuf *name;
	nghttp2_rcbuf *value;
};

/* Each returns 0, or -1 when the session must end because its owner failed. They run inside `input`,
 * `writable` inside `output`; they may call everything but `input`, `output` and `free`. */
struct runv_http2_events {
	int (*headers)(void *owner, int32_t stream_id, const struct runv_http2_field *fields, size_t count,
	               bool end);
	int (*data)(void *owner, int32_t stream_id, const uint8_t *data, size_t size);
	int (*end)(void *owner, int32_t stream_id);
	int (*close)(void *owner, int32_t stream_id, uint32_t error_code);
	int (*writable)(void *owner, int32_t stream_id);
};

struct runv_http2_stream {
	int32_t id;
	/* The owner has been told of it: it gets `close` when the stream is gone. */
	bool announced;
	bool responded;
	/* `send` said stop; `writable` follows. */
	bool blocked;
	/* On the session's list of writable streams. */
	bool writable_due;
	/* No more body: what follows the queue is `trailers`. */
	bool finished;
	/* nghttp2 found the queue empty and waits for nghttp2_session_resume_data. */
	bool deferred;
	/* Request body the owner has been given and has not consumed. */
	size_t unconsumed_bytes;
	struct runv_http2_queue queue;
	nghttp2_nv *trailers;
	size_t trailer_count;
	struct runv_http2_stream *next_writable;
	struct runv_http2_stream *next;
	struct runv_http2_stream *previous;
};

struct runv_http2_session {
	nghttp2_session *nghttp2;
	struct runv_http2_memory memory;
	struct runv_http2_limits limits;
	const struct runv_http2_events *events;
	void *owner;
	/* The header block that is arriving; only one can. */
	struct runv_http2_field *fields;
	size_t field_count;
	size_t field_capacity;
	size_t header_list_bytes;
	struct runv_http2_stream *streams;
	/* Response body queued on all streams. */
	size_t queued_bytes;
	double offence_tokens;
	struct timespec offence_refill;
	/* Streams whose `writable` is due when `output` is done. */
	struct runv_http2_stream *writable;
	/* Rest of the last piece nghttp2 gave out; valid until it is asked for the next. */
	const uint8_t *unsent;
	size_t unsent_bytes;
	/* `input` has failed: nothing more is taken in. */
	bool broken;
};

/* NULL with errno ENOMEM or EINVAL. `events` outlives the session. */
struct runv_http2_session *runv_http2_session_new(const struct runv_http2_limits *limits,
                                                  const struct runv_http2_events *events, void *owner);
/* No events are sent for streams that are still open. */
void runv_http2_session_free(struct runv_http2_session *session);

/* All below: 0, or a negated errno: EPROTO the session must end (a GOAWAY may wait in the output), ENOENT no
 * such stream, EINVAL not in this state of the stream, ENOBUFS more body would be queued than the session may
 * hold, ENOMEM. */
int runv_http2_input(struct runv_http2_session *session, const uint8_t *data, size_t size);
/* Bytes written to `out`, or a negated errno. */
ssize_t runv_http2_output(struct runv_http2_session *session, uint8_t *out, size_t capacity);
/* Fields are copied by nghttp2. */
int runv_http2_respond(struct runv_http2_session *session, int32_t stream_id, const nghttp2_nv *fields,
                       size_t count, bool end);
/* 1 when the stream has room for more, 0 when `writable` follows. */
int runv_http2_send(struct runv_http2_session *session, int32_t stream_id, const uint8_t *data, size_t size);
/* Takes the array over on success; it is one block, released by free(3). */
int runv_http2_finish(struct runv_http2_session *session, int32_t stream_id, nghttp2_nv *trailers,
                      size_t count);
int runv_http2_reset(struct runv_http2_session *session, int32_t stream_id, uint32_t error_code);
/* More than was given, or on a stream that is gone (its credit has been returned already), is not an error.
 */
int runv_http2_consume(struct runv_http2_session *session, int32_t stream_id, size_t size);
/* Code 0: no new streams, open ones go on. Any other: the session ends once the frame is out. */
int runv_http2_goaway(struct runv_http2_session *session, uint32_t error_code);
bool runv_http2_alive(struct runv_http2_session *session);

#endif
