#ifndef RUNV_HTTP2_CALLBACKS_H
#define RUNV_HTTP2_CALLBACKS_H

#include "http2-session.h"

/* What nghttp2 calls; user data is the runv_http2_session. 0 or NGHTTP2_ERR_NOMEM. */
int runv_http2_callbacks_new(nghttp2_session_callbacks **callbacks);

/* Forgets the header block that was arriving. */
void runv_http2_fields_clear(struct runv_http2_session *session);

/* Takes one token for something a well-behaved peer rarely does; false when there is none left. */
bool runv_http2_offence(struct runv_http2_session *session);

/* Body source of every response: the stream's queue. */
ssize_t runv_http2_read_body(nghttp2_session *nghttp2, int32_t stream_id, uint8_t *out, size_t capacity,
                             uint32_t *flags, nghttp2_data_source *source, void *user_data);

void runv_http2_stream_link(struct runv_http2_session *session, struct runv_http2_stream *stream);
/* Puts the stream on the list of those whose `writable` is due. */
void runv_http2_stream_writable(struct runv_http2_session *session, struct runv_http2_stream *stream);
void runv_http2_stream_free(struct runv_http2_session *session, struct runv_http2_stream *stream);

#endif
