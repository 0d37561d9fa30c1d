#ifndef RUNV_HTTP2_MEMORY_H
#define RUNV_HTTP2_MEMORY_H

#include <nghttp2/nghttp2.h>
#include <stddef.h>

/* What one session's nghttp2 (streams, HPACK tables, frames in and out) may hold. Its ordinary use with 100
 * open streams is under 100 KiB; beyond this an allocation fails and the session ends. */
#define RUNV_HTTP2_MEMORY_MAX_BYTES ((size_t)2 << 20)

/* A malloc with an upper bound, one per session. */
struct runv_http2_memory {
	size_t used_bytes;
	size_t max_bytes;
	nghttp2_mem functions;
};

void runv_http2_memory_init(struct runv_http2_memory *memory, size_t max_bytes);

#endif
