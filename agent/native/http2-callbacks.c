#include "http2-callbacks.h"

#include <stdlib.h>

/* Ends the session from inside a callback: GOAWAY, and nothing more is read. */
static int too_much(struct runv_http2_session *session)
{
	return nghttp2_session_terminate_session(session->nghttp2, NGHTTP2_ENHANCE_YOUR_CALM);
}

static int told(int result)
{
	return result == 0 ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

bool runv_http2_offence(struct runv_http2_session *session)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	double elapsed = (double)(now.tv_sec - session->offence_refill.tv_sec) +
	                 (double)(now.tv_nsec - session->offence_refill.tv_nsec) / 1e9;
	session->offence_refill = now;
	session->offence_tokens += elapsed * RUNV_HTTP2_OFFENCES_PER_SECOND;
	if (session->offence_tokens > RUNV_HTTP2_OFFENCES_BURST)
		session->offence_tokens = RUNV_HTTP2_OFFENCES_BURST;
	if (session->offence_tokens < 1)
		return false;
	session->offence_tokens -= 1;
	return true;
}

void runv_http2_fields_clear(struct runv_http2_session *session)
{
	for (size_t i = 0; i < session->field_count; i++) {
		nghttp2_rcbuf_decref(session->fields[i].name);
		nghttp2_rcbuf_decref(session->fields[i].value);
	}
	session->field_count = 0;
	session->header_list_bytes = 0;
}

static int on_begin_headers(nghttp2_session *nghttp2, const nghttp2_frame *frame, void *user_data)
{
	struct runv_http2_session *session = user_data;
	runv_http2_fields_clear(session);
	if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	struct runv_http2_stream *stream = calloc(1, sizeof(*stream));
	if (!stream)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	stream->id = frame->hd.stream_id;
	if (nghttp2_session_set_stream_user_data(nghttp2, stream->id, stream) != 0) {
		free(stream);
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	}
	runv_http2_stream_link(session, stream);
	return 0;
}

static bool keep_field(struct runv_http2_session *session, nghttp2_rcbuf *name, nghttp2_rcbuf *value)
{
	if (session->field_count == session->field_capacity) {
		size_t capacity = session->field_capacity ? session->field_capacity * 2 : 16;
		struct runv_http2_field *fields = realloc(session->fields, capacity * sizeof(*fields));
		if (!fields)
			return false;
		session->fields = fields;
		session->field_capacity = capacity;
	}
	session->fields[session->field_count++] = (struct runv_http2_field){name, value};
	nghttp2_rcbuf_incref(name);
	nghttp2_rcbuf_incref(value);
	return true;
}

static int on_header(nghttp2_session *nghttp2, const nghttp2_frame *frame, nghttp2_rcbuf *name,
                     nghttp2_rcbuf *value, uint8_t flags, void *user_data)
{
	(void)flags;
	struct runv_http2_session *session = user_data;
	uint32_t max_bytes = session->limits.max_header_list_bytes;
	if (session->header_list_bytes > max_bytes)
		return 0;
	/* RFC 9113 section 6.5.2: the size of a field is that of name and value plus 32. */
	session->header_list_bytes += nghttp2_rcbuf_get_buf(name).len + nghttp2_rcbuf_get_buf(value).len + 32;
	if (session->header_list_bytes > max_bytes) {
		/* The rest of the block is still decoded, for HPACK's state, but not kept. */
		size_t refused_bytes = session->header_list_bytes;
		runv_http2_fields_clear(session);
		session->header_list_bytes = refused_bytes;
		return nghttp2_submit_rst_stream(nghttp2, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
		                                 NGHTTP2_ENHANCE_YOUR_CALM);
	}
	/* Trailers of a request count against the limit; nobody reads them. */
	if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	return keep_field(session, name, value) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_request(struct runv_http2_session *session, struct runv_http2_stream *stream, bool end)
{
	bool refused = session->header_list_bytes > session->limits.max_header_list_bytes;
	int result = 0;
	if (!refused) {
		stream->announced = true;
		result = session->events->headers(session->owner, stream->id, session->fields,
		                                  session->field_count, end);
	}
	runv_http2_fields_clear(session);
	return told(result);
}

static int on_frame_recv(nghttp2_session *nghttp2, const nghttp2_frame *frame, void *user_data)
{
	struct runv_http2_session *session = user_data;
	uint8_t type = frame->hd.type;
	bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
	if (type == NGHTTP2_DATA && frame->hd.length == 0 && !end && !runv_http2_offence(session))
		return too_much(session);
	if (type != NGHTTP2_HEADERS && type != NGHTTP2_DATA)
		return 0;
	struct runv_http2_stream *stream = nghttp2_session_get_stream_user_data(nghttp2, frame->hd.stream_id);
	if (!stream)
		return 0;
	if (type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
		return on_request(session, stream, end);
	if (end && stream->announced)
		return told(session->events->end(session->owner, stream->id));
	return 0;
}

static int on_data_chunk_recv(nghttp2_session *nghttp2, uint8_t flags, int32_t stream_id, const uint8_t *data,
                              size_t size, void *user_data)
{
	(void)flags;
	struct runv_http2_session *session = user_data;
	struct runv_http2_stream *stream = nghttp2_session_get_stream_user_data(nghttp2, stream_id);
	if (!stream || !stream->announced)
		return nghttp2_session_consume(nghttp2, stream_id, size);
	stream->unconsumed_bytes += size;
	return told(session->events->data(session->owner, stream_id, data, size));
}

static int on_stream_close(nghttp2_session *nghttp2, int32_t stream_id, uint32_t error_code, void *user_data)
{
	struct runv_http2_session *session = user_data;
	struct runv_http2_stream *stream = nghttp2_session_get_stream_user_data(nghttp2, stream_id);
	if (!stream)
		return 0;
	nghttp2_session_set_stream_user_data(nghttp2, stream_id, NULL);
	bool announced = stream->announced;
	int result = nghttp2_session_consume_connection(nghttp2, stream->unconsumed_bytes);
	runv_http2_stream_free(session, stream);
	if (result != 0)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	return announced ? told(session->events->close(session->owner, stream_id, error_code)) : 0;
}

static int on_invalid_frame_recv(nghttp2_session *nghttp2, const nghttp2_frame *frame, int error_code,
                                 void *user_data)
{
	(void)nghttp2, (void)frame, (void)error_code;
	struct runv_http2_session *session = user_data;
	return runv_http2_offence(session) ? 0 : too_much(session);
}

static int on_frame_send(nghttp2_session *nghttp2, const nghttp2_frame *frame, void *user_data)
{
	struct runv_http2_session *session = user_data;
	/* Trailers have left while the peer may still be sending: it need not (RFC 9113 section 8.1). */
	if (frame->hd.type == NGHTTP2_HEADERS && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
	    nghttp2_session_get_stream_remote_close(nghttp2, frame->hd.stream_id) == 0)
		return nghttp2_submit_rst_stream(nghttp2, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
		                                 NGHTTP2_NO_ERROR);
	/* Our resets count too: a peer can provoke them as fast as it can send its own. */
	if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code != NGHTTP2_NO_ERROR &&
	    !runv_http2_offence(session))
		return too_much(session);
	return 0;
}

ssize_t runv_http2_read_body(nghttp2_session *nghttp2, int32_t stream_id, uint8_t *out, size_t capacity,
                             uint32_t *flags, nghttp2_data_source *source, void *user_data)
{
	(void)source;
	struct runv_http2_session *session = user_data;
	struct runv_http2_stream *stream = nghttp2_session_get_stream_user_data(nghttp2, stream_id);
	if (!stream)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	size_t taken = runv_http2_queue_pop(&stream->queue, out, capacity);
	session->queued_bytes -= taken;
	if (stream->blocked && stream->queue.bytes <= session->limits.window_bytes / 2) {
		stream->blocked = false;
		runv_http2_stream_writable(session, stream);
	}
	if (stream->queue.bytes > 0)
		return (ssize_t)taken;
	if (stream->finished) {
		*flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
		int result =
		        nghttp2_submit_trailer(nghttp2, stream_id, stream->trailers, stream->trailer_count);
		return result == 0 ? (ssize_t)taken : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	}
	if (taken > 0)
		return (ssize_t)taken;
	stream->deferred = true;
	return NGHTTP2_ERR_DEFERRED;
}

int runv_http2_callbacks_new(nghttp2_session_callbacks **callbacks)
{
	int result = nghttp2_session_callbacks_new(callbacks);
	if (result != 0)
		return result;
	nghttp2_session_callbacks_set_on_begin_headers_callback(*callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback2(*callbacks, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(*callbacks, on_frame_recv);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(*callbacks, on_data_chunk_recv);
	nghttp2_session_callbacks_set_on_stream_close_callback(*callbacks, on_stream_close);
	nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(*callbacks, on_invalid_frame_recv);
	nghttp2_session_callbacks_set_on_frame_send_callback(*callbacks, on_frame_send);
	return 0;
}
