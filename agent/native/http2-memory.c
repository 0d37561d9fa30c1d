#include "http2-memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Every block is preceded by its size, in a header that keeps malloc's alignment. */
#define HEADER_BYTES (sizeof(max_align_t))

static void *bounded_malloc(size_t size, void *opaque)
{
	struct runv_http2_memory *memory = opaque;
	if (size > memory->max_bytes - memory->used_bytes)
		return NULL;
	unsigned char *block = malloc(HEADER_BYTES + size);
	if (!block)
		return NULL;
	memcpy(block, &size, sizeof(size));
	memory->used_bytes += size;
	return block + HEADER_BYTES;
}

static size_t size_of(void *pointer)
{
	size_t size;
	memcpy(&size, (unsigned char *)pointer - HEADER_BYTES, sizeof(size));
	return size;
}

static void bounded_free(void *pointer, void *opaque)
{
	struct runv_http2_memory *memory = opaque;
	if (!pointer)
		return;
	memory->used_bytes -= size_of(pointer);
	free((unsigned char *)pointer - HEADER_BYTES);
}

static void *bounded_calloc(size_t count, size_t size, void *opaque)
{
	if (size != 0 && count > SIZE_MAX / size)
		return NULL;
	void *pointer = bounded_malloc(count * size, opaque);
	if (pointer)
		memset(pointer, 0, count * size);
	return pointer;
}

static void *bounded_realloc(void *pointer, size_t size, void *opaque)
{
	struct runv_http2_memory *memory = opaque;
	if (!pointer)
		return bounded_malloc(size, opaque);
	size_t before = size_of(pointer);
	if (size > before && size - before > memory->max_bytes - memory->used_bytes)
		return NULL;
	unsigned char *block = realloc((unsigned char *)pointer - HEADER_BYTES, HEADER_BYTES + size);
	if (!block)
		return NULL;
	memcpy(block, &size, sizeof(size));
	memory->used_bytes = memory->used_bytes - before + size;
	return block + HEADER_BYTES;
}

void runv_http2_memory_init(struct runv_http2_memory *memory, size_t max_bytes)
{
	memory->used_bytes = 0;
	memory->max_bytes = max_bytes;
	memory->functions = (nghttp2_mem){
	        .mem_user_data = memory,
	        .malloc = bounded_malloc,
	        .free = bounded_free,
	        .calloc = bounded_calloc,
	        .realloc = bounded_realloc,
	};
}
