#include "tar-error.h"
#include "tar-pax.h"

#include <stdlib.h>

int tar_map_add(struct tar_map *map, int64_t offset, int64_t bytes, struct tar_error *error)
{
	int64_t end;
	if (offset < 0 || bytes < 0 || __builtin_add_overflow(offset, bytes, &end))
		return tar_reject(error, NULL, 0, "a sparse map has a negative or too large number");
	if (map->count > 0) {
		const struct tar_segment *last = &map->segments[map->count - 1];
		if ((uint64_t)offset < last->offset + last->bytes)
			return tar_reject(error, NULL, 0, "the segments of a sparse map do not ascend");
	}
	if (map->count == TAR_SEGMENT_LIMIT)
		return tar_reject(error, NULL, 0, "a sparse map has more than %d segments",
		                  TAR_SEGMENT_LIMIT);
	if (map->count == map->room) {
		size_t room = map->room ? map->room * 2 : 16;
		struct tar_segment *grown = realloc(map->segments, room * sizeof *grown);
		if (!grown)
			return tar_fail(error, "realloc", "sparse map", 10);
		map->segments = grown;
		map->room = room;
	}
	map->segments[map->count++] = (struct tar_segment){(uint64_t)offset, (uint64_t)bytes};
	return 0;
}

void tar_map_reset(struct tar_map *map)
{
	free(map->segments);
	*map = (struct tar_map){0};
}
