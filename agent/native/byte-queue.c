#include "byte-queue.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

int runv_queue_add(struct runv_byte_queue *queue, const uint8_t *bytes, size_t length)
{
	size_t held = runv_queue_length(queue);
	if (length == 0)
		return 0;
	if (queue->capacity - queue->end < length) {
		size_t capacity = queue->capacity ? queue->capacity : FIRST_CAPACITY;
		while (capacity - held < length)
			capacity *= 2;
		if (held > 0 && queue->start > 0)
			memmove(queue->data, queue->data + queue->start, held);
		queue->start = 0;
		queue->end = held;
		if (capacity != queue->capacity) {
			uint8_t *grown = realloc(queue->data, capacity);
			if (!grown)
				return -1;
			queue->data = grown;
			queue->capacity = capacity;
		}
	}
	memcpy(queue->data + queue->end, bytes, length);
	queue->end += length;
	return 0;
}

void runv_queue_drop(struct runv_byte_queue *queue, size_t length)
{
	queue->start += length;
	if (queue->start >= queue->end)
		runv_queue_clear(queue);
}

void runv_queue_clear(struct runv_byte_queue *queue)
{
	free(queue->data);
	*queue = (struct runv_byte_queue){0};
}
