#include "http2-session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "http2-callbacks.h"

/* Between two slices of input the outbound queue is looked at, so that one large read cannot fill it. */
#define INPUT_SLICE_BYTES ((size_t)4096)

static int64_t session_window(const struct runv_http2_limits *limits)
{
	int64_t bytes = (int64_t)limits->window_bytes * limits->max_streams;
	return bytes < NGHTTP2_MAX_WINDOW_SIZE ? bytes : NGHTTP2_MAX_WINDOW_SIZE;
}

static int negated_errno(int library_error)
{
	return library_error == NGHTTP2_ERR_NOMEM ? -ENOMEM : -EPROTO;
}

static int send_settings(struct runv_http2_session *session)
{
	const struct runv_http2_limits *limits = &session->limits;
	const nghttp2_settings_entry settings[] = {
	        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits->max_streams},
	        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits->window_bytes},
	        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits->max_header_list_bytes},
	        /* RFC 9218: no priority tree, so PRIORITY frames cost nothing. */
	        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
	};
	int result = nghttp2_submit_settings(session->nghttp2, NGHTTP2_FLAG_NONE, settings,
	                                     sizeof(settings) / sizeof(settings[0]));
	if (result != 0)
		return result;
	return nghttp2_session_set_local_window_size(session->nghttp2, NGHTTP2_FLAG_NONE, 0,
	                                             (int32_t)session_window(limits));
}

static int new_options(nghttp2_option **option)
{
	int result = nghttp2_option_new(option);
	if (result != 0)
		return result;
	nghttp2_option_set_no_auto_window_update(*option, 1);
	nghttp2_option_set_no_closed_streams(*option, 1);
	nghttp2_option_set_max_outbound_ack(*option, RUNV_HTTP2_OUTBOUND_FRAMES_MAX);
	nghttp2_option_set_max_continuations(*option, RUNV_HTTP2_CONTINUATIONS_MAX);
	nghttp2_option_set_stream_reset_rate_limit(*option, RUNV_HTTP2_OFFENCES_BURST,
	                                           RUNV_HTTP2_OFFENCES_PER_SECOND);
	return 0;
}

static int start(struct runv_http2_session *session)
{
	nghttp2_session_callbacks *callbacks;
	int result = runv_http2_callbacks_new(&callbacks);
	if (result != 0)
		return result;
	nghttp2_option *option;
	result = new_options(&option);
	if (result == 0) {
		result = nghttp2_session_server_new3(&session->nghttp2, callbacks, session, option,
		                                     &session->memory.functions);
		nghttp2_option_del(option);
	}
	nghttp2_session_callbacks_del(callbacks);
	return result != 0 ? result : send_settings(session);
}

struct runv_http2_session *runv_http2_session_new(const struct runv_http2_limits *limits,
                                                  const struct runv_http2_events *events, void *owner)
{
	if (limits->max_streams == 0 || limits->window_bytes == 0 ||
	    limits->window_bytes > NGHTTP2_MAX_WINDOW_SIZE) {
		errno = EINVAL;
		return NULL;
	}
	struct runv_http2_session *session = calloc(1, sizeof(*session));
	if (!session)
		return NULL;
	session->limits = *limits;
	session->events = events;
	session->owner = owner;
	session->offence_tokens = RUNV_HTTP2_OFFENCES_BURST;
	clock_gettime(CLOCK_MONOTONIC, &session->offence_refill);
	runv_http2_memory_init(&session->memory, RUNV_HTTP2_MEMORY_MAX_BYTES);
	int result = start(session);
	if (result != 0) {
		runv_http2_session_free(session);
		errno = result == NGHTTP2_ERR_NOMEM ? ENOMEM : EINVAL;
		return NULL;
	}
	return session;
}

void runv_http2_session_free(struct runv_http2_session *session)
{
	runv_http2_fields_clear(session);
	free(session->fields);
	nghttp2_session_del(session->nghttp2);
	while (session->streams)
		runv_http2_stream_free(session, session->streams);
	free(session);
}

/* The peer gets to know why; nothing it sends is read any more. */
static int break_session(struct runv_http2_session *session, uint32_t error_code, int result)
{
	session->broken = true;
	if (nghttp2_session_terminate_session(session->nghttp2, error_code) != 0)
		return -ENOMEM;
	return result;
}

static uint32_t error_code_of(int library_error)
{
	switch (library_error) {
	case NGHTTP2_ERR_FLOODED:
	case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS:
	case NGHTTP2_ERR_NOMEM:
		return NGHTTP2_ENHANCE_YOUR_CALM;
	case NGHTTP2_ERR_CALLBACK_FAILURE:
		return NGHTTP2_INTERNAL_ERROR;
	default:
		return NGHTTP2_PROTOCOL_ERROR;
	}
}

int runv_http2_input(struct runv_http2_session *session, const uint8_t *data, size_t size)
{
	if (session->broken)
		return -EPROTO;
	for (size_t offset = 0; offset < size;) {
		size_t slice = size - offset < INPUT_SLICE_BYTES ? size - offset : INPUT_SLICE_BYTES;
		ssize_t taken = nghttp2_session_mem_recv(session->nghttp2, data + offset, slice);
		if (taken < 0)
			return break_session(session, error_code_of((int)taken), negated_errno((int)taken));
		if (nghttp2_session_get_outbound_queue_size(session->nghttp2) >
		    RUNV_HTTP2_OUTBOUND_FRAMES_MAX)
			return break_session(session, NGHTTP2_ENHANCE_YOUR_CALM, -EPROTO);
		offset += (size_t)taken;
	}
	return 0;
}

static int tell_writable(struct runv_http2_session *session)
{
	while (session->writable) {
		struct runv_http2_stream *stream = session->writable;
		session->writable = stream->next_writable;
		stream->writable_due = false;
		if (session->events->writable(session->owner, stream->id) != 0)
			return -EPROTO;
	}
	return 0;
}

ssize_t runv_http2_output(struct runv_http2_session *session, uint8_t *out, size_t capacity)
{
	size_t filled = 0;
	while (filled < capacity) {
		if (session->unsent_bytes == 0) {
			ssize_t size = nghttp2_session_mem_send(session->nghttp2, &session->unsent);
			if (size < 0) {
				session->broken = true;
				return negated_errno((int)size);
			}
			if (size == 0)
				break;
			session->unsent_bytes = (size_t)size;
		}
		size_t part = session->unsent_bytes;
		if (part > capacity - filled)
			part = capacity - filled;
		memcpy(out + filled, session->unsent, part);
		session->unsent += part;
		session->unsent_bytes -= part;
		filled += part;
	}
	int result = tell_writable(session);
	return result != 0 ? result : (ssize_t)filled;
}

int runv_http2_goaway(struct runv_http2_session *session, uint32_t error_code)
{
	int result;
	if (error_code == NGHTTP2_NO_ERROR)
		result = nghttp2_submit_goaway(session->nghttp2, NGHTTP2_FLAG_NONE,
		                               nghttp2_session_get_last_proc_stream_id(session->nghttp2),
		                               error_code, NULL, 0);
	else
		result = nghttp2_session_terminate_session(session->nghttp2, error_code);
	return result == 0 ? 0 : negated_errno(result);
}

bool runv_http2_alive(struct runv_http2_session *session)
{
	if (session->unsent_bytes > 0 || nghttp2_session_want_write(session->nghttp2))
		return true;
	return !session->broken && nghttp2_session_want_read(session->nghttp2);
}
