#ifndef RUNV_HTTP2_QUEUE_H
#define RUNV_HTTP2_QUEUE_H

#include <stddef.h>
#include <stdint.h>

struct runv_http2_chunk;

/* Response body of one stream that waits for flow control: bytes in, bytes out, in order. */
struct runv_http2_queue {
	struct runv_http2_chunk *head;
	struct runv_http2_chunk *tail;
	size_t bytes;
};

/* Copies `data` to the end. 0, or -1 without memory. */
int runv_http2_queue_push(struct runv_http2_queue *queue, const uint8_t *data, size_t size);

/* Moves at most `capacity` bytes from the front to `out`; returns how many. */
size_t runv_http2_queue_pop(struct runv_http2_queue *queue, uint8_t *out, size_t capacity);

void runv_http2_queue_clear(struct runv_http2_queue *queue);

#endif
