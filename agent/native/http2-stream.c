#include <errno.h>
#include <stdlib.h>

#include "http2-callbacks.h"

/* What the owner does with one stream. */

static struct runv_http2_stream *find(struct runv_http2_session *session, int32_t stream_id)
{
	return nghttp2_session_get_stream_user_data(session->nghttp2, stream_id);
}

static int negated_errno(int library_error)
{
	switch (library_error) {
	case 0:
		return 0;
	case NGHTTP2_ERR_NOMEM:
		return -ENOMEM;
	case NGHTTP2_ERR_STREAM_CLOSED:
	case NGHTTP2_ERR_INVALID_STREAM_ID:
		return -ENOENT;
	default:
		return -EINVAL;
	}
}

int runv_http2_respond(struct runv_http2_session *session, int32_t stream_id, const nghttp2_nv *fields,
                       size_t count, bool end)
{
	struct runv_http2_stream *stream = find(session, stream_id);
	if (!stream)
		return -ENOENT;
	if (stream->responded)
		return -EINVAL;
	const nghttp2_data_provider body = {.source.ptr = NULL, .read_callback = runv_http2_read_body};
	int result = nghttp2_submit_response(session->nghttp2, stream_id, fields, count, end ? NULL : &body);
	if (result == 0) {
		stream->responded = true;
		stream->finished = end;
	}
	return negated_errno(result);
}

static int wake(struct runv_http2_session *session, struct runv_http2_stream *stream)
{
	if (!stream->deferred)
		return 0;
	stream->deferred = false;
	/* A stream that is being reset has nothing to resume: it goes away without this body. */
	int result = nghttp2_session_resume_data(session->nghttp2, stream->id);
	return result == NGHTTP2_ERR_INVALID_ARGUMENT ? 0 : negated_errno(result);
}

int runv_http2_send(struct runv_http2_session *session, int32_t stream_id, const uint8_t *data, size_t size)
{
	struct runv_http2_stream *stream = find(session, stream_id);
	if (!stream)
		return -ENOENT;
	if (!stream->responded || stream->finished)
		return -EINVAL;
	uint64_t max_bytes = (uint64_t)session->limits.window_bytes * session->limits.max_streams;
	if (session->queued_bytes + size > max_bytes)
		return -ENOBUFS;
	if (runv_http2_queue_push(&stream->queue, data, size) != 0)
		return -ENOMEM;
	session->queued_bytes += size;
	int result = wake(session, stream);
	if (result != 0)
		return result;
	stream->blocked = stream->queue.bytes > session->limits.window_bytes;
	return stream->blocked ? 0 : 1;
}

int runv_http2_finish(struct runv_http2_session *session, int32_t stream_id, nghttp2_nv *trailers,
                      size_t count)
{
	struct runv_http2_stream *stream = find(session, stream_id);
	if (!stream)
		return -ENOENT;
	if (!stream->responded || stream->finished)
		return -EINVAL;
	int result = wake(session, stream);
	if (result != 0)
		return result;
	stream->finished = true;
	stream->trailers = trailers;
	stream->trailer_count = count;
	return 0;
}

int runv_http2_reset(struct runv_http2_session *session, int32_t stream_id, uint32_t error_code)
{
	if (!find(session, stream_id))
		return -ENOENT;
	return negated_errno(
	        nghttp2_submit_rst_stream(session->nghttp2, NGHTTP2_FLAG_NONE, stream_id, error_code));
}

int runv_http2_consume(struct runv_http2_session *session, int32_t stream_id, size_t size)
{
	struct runv_http2_stream *stream = find(session, stream_id);
	if (!stream)
		return 0;
	if (size > stream->unconsumed_bytes)
		size = stream->unconsumed_bytes;
	stream->unconsumed_bytes -= size;
	return negated_errno(nghttp2_session_consume(session->nghttp2, stream_id, size));
}

void runv_http2_stream_link(struct runv_http2_session *session, struct runv_http2_stream *stream)
{
	stream->next = session->streams;
	if (stream->next)
		stream->next->previous = stream;
	session->streams = stream;
}

void runv_http2_stream_writable(struct runv_http2_session *session, struct runv_http2_stream *stream)
{
	if (stream->writable_due)
		return;
	stream->writable_due = true;
	stream->next_writable = session->writable;
	session->writable = stream;
}

static void unlink_stream(struct runv_http2_session *session, struct runv_http2_stream *stream)
{
	if (stream->next)
		stream->next->previous = stream->previous;
	if (stream->previous)
		stream->previous->next = stream->next;
	else
		session->streams = stream->next;
	if (!stream->writable_due)
		return;
	struct runv_http2_stream **link = &session->writable;
	while (*link != stream)
		link = &(*link)->next_writable;
	*link = stream->next_writable;
}

void runv_http2_stream_free(struct runv_http2_session *session, struct runv_http2_stream *stream)
{
	unlink_stream(session, stream);
	session->queued_bytes -= stream->queue.bytes;
	runv_http2_queue_clear(&stream->queue);
	free(stream->trailers);
	free(stream);
}
