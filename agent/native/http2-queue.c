#include "http2-queue.h"

#include <stdlib.h>
#include <string.h>

struct runv_http2_chunk {
	struct runv_http2_chunk *next;
	size_t offset;
	size_t size;
	uint8_t bytes[];
};

int runv_http2_queue_push(struct runv_http2_queue *queue, const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct runv_http2_chunk *chunk = malloc(sizeof(*chunk) + size);
	if (!chunk)
		return -1;
	chunk->next = NULL;
	chunk->offset = 0;
	chunk->size = size;
	memcpy(chunk->bytes, data, size);
	if (queue->tail)
		queue->tail->next = chunk;
	else
		queue->head = chunk;
	queue->tail = chunk;
	queue->bytes += size;
	return 0;
}

static void drop_head(struct runv_http2_queue *queue)
{
	struct runv_http2_chunk *chunk = queue->head;
	queue->head = chunk->next;
	if (!queue->head)
		queue->tail = NULL;
	free(chunk);
}

size_t runv_http2_queue_pop(struct runv_http2_queue *queue, uint8_t *out, size_t capacity)
{
	size_t taken = 0;
	while (queue->head && taken < capacity) {
		struct runv_http2_chunk *chunk = queue->head;
		size_t left = chunk->size - chunk->offset;
		size_t part = left < capacity - taken ? left : capacity - taken;
		memcpy(out + taken, chunk->bytes + chunk->offset, part);
		chunk->offset += part;
		taken += part;
		if (chunk->offset == chunk->size)
			drop_head(queue);
	}
	queue->bytes -= taken;
	return taken;
}

void runv_http2_queue_clear(struct runv_http2_queue *queue)
{
	while (queue->head)
		drop_head(queue);
	queue->bytes = 0;
}
