/* Bytes that wait: taken from the front, added at the back, in one piece of memory that grows and is freed when empty. */
#ifndef RUNV_BYTE_QUEUE_H
#define RUNV_BYTE_QUEUE_H

#include <stddef.h>
#include <stdint.h>

struct runv_byte_queue {
	uint8_t *data;
	size_t start, end, capacity;
};

static inline size_t runv_queue_length(const struct runv_byte_queue *queue)
{
	return queue->end - queue->start;
}

static inline const uint8_t *runv_queue_front(const struct runv_byte_queue *queue)
{
	return queue->data + queue->start;
}

/* 0, or -1 without memory. The caller bounds the length. */
int runv_queue_add(struct runv_byte_queue *queue, const uint8_t *bytes, size_t length);
void runv_queue_drop(struct runv_byte_queue *queue, size_t length);
void runv_queue_clear(struct runv_byte_queue *queue);

#endif
