#include "tar-error.h"
#include "tar-pack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** st_blocks counts these, whatever the file system's own are. */
enum { STATUS_BLOCK = 512, MAP_NUMBER_BYTES = 24 };

/** After SEEK_DATA or SEEK_HOLE failed at `at`: ENXIO is the end of the data, EINVAL a file system without
 * holes. */
static int seek_failed(struct packer *packer, uint64_t at, uint64_t size, struct tar_map *map)
{
	if (errno == ENXIO)
		return 0;
	if (errno == EINVAL)
		return tar_map_add(map, (int64_t)at, (int64_t)(size - at), packer->error);
	return pack_fail(packer, "lseek");
}

/** The pieces with data. What lies behind the last segment that a map may have counts as data. */
static int find_segments(struct packer *packer, int file, uint64_t size, struct tar_map *map)
{
	uint64_t at = 0;
	while (at < size) {
		off_t data = lseek(file, (off_t)at, SEEK_DATA);
		if (data < 0)
			return seek_failed(packer, at, size, map);
		if ((uint64_t)data >= size)
			return 0;
		off_t hole = lseek(file, data, SEEK_HOLE);
		if (hole < 0)
			return seek_failed(packer, at, size, map);
		bool last = map->count == TAR_SEGMENT_LIMIT - 2 || (uint64_t)hole > size;
		uint64_t end = last ? size : (uint64_t)hole;
		if (tar_map_add(map, data, (int64_t)(end - (uint64_t)data), packer->error) < 0)
			return -1;
		at = end;
	}
	return 0;
}

static bool is_whole(const struct tar_map *map, uint64_t size)
{
	return map->count == 1 && map->segments[0].offset == 0 && map->segments[0].bytes == size;
}

/** "count\noffset\nbytes\n...", padded to a block, into the scratch buffer. */
static int write_map(struct packer *packer, const struct tar_map *map)
{
	struct pack_buffer *text = &packer->scratch;
	if (pack_reserve(packer, text, (map->count * 2 + 1) * MAP_NUMBER_BYTES + TAR_BLOCK) < 0)
		return -1;
	text->used = (size_t)sprintf(text->data, "%zu\n", map->count);
	for (size_t i = 0; i < map->count; i++)
		text->used += (size_t)sprintf(text->data + text->used, "%llu\n%llu\n",
		                              (unsigned long long)map->segments[i].offset,
		                              (unsigned long long)map->segments[i].bytes);
	size_t padding = (size_t)tar_padding(text->used);
	memset(text->data + text->used, 0, padding);
	text->used += padding;
	return 0;
}

static int sparse_header(struct packer *packer, const struct stat *status, uint64_t stored)
{
	/* the real name is in a record: readers without sparse files should not unpack a map as if it were
	 * the file */
	char name[] = "GNUSparseFile.0/file";
	struct pack_buffer map = packer->scratch;
	if (pack_record(packer, "GNU.sparse.major", "1", 1) < 0 ||
	    pack_record(packer, "GNU.sparse.minor", "0", 1) < 0 ||
	    pack_record(packer, "GNU.sparse.name", packer->name, packer->name_length) < 0 ||
	    pack_number_record(packer, "GNU.sparse.realsize", (uint64_t)status->st_size) < 0)
		return -1;
	size_t length = packer->name_length;
	char *kept = strdup(packer->name);
	if (!kept)
		return pack_fail(packer, "strdup");
	memcpy(packer->name, name, sizeof name);
	packer->name_length = sizeof name - 1;
	int result = pack_header(packer, status, '0', map.used + stored);
	memcpy(packer->name, kept, length + 1);
	packer->name_length = length;
	free(kept);
	return result < 0 ? -1 : tar_sink_write(&packer->sink, map.data, map.used);
}

static int pack_content(struct packer *packer, int file, const struct tar_map *map)
{
	uint64_t stored = 0;
	uint64_t all_missing = 0;
	for (size_t i = 0; i < map->count; i++) {
		uint64_t missing = 0;
		if (tar_sink_file(&packer->sink, file, map->segments[i].offset, map->segments[i].bytes,
		                  &missing, packer->name) < 0)
			return -1;
		stored += map->segments[i].bytes;
		all_missing += missing;
	}
	if (all_missing > 0)
		packer->counts->shrunk_files++;
	packer->counts->bytes += stored;
	return tar_sink_zeros(&packer->sink, tar_padding(stored));
}

static int pack_sparse(struct packer *packer, const struct pack_item *item, struct tar_map *map)
{
	uint64_t stored = 0;
	/* GNU tar closes the map with an empty segment where the file ends in a hole */
	if (map->count == 0 || map->segments[map->count - 1].offset + map->segments[map->count - 1].bytes <
	                               (uint64_t)item->status.st_size)
		if (tar_map_add(map, item->status.st_size, 0, packer->error) < 0)
			return -1;
	for (size_t i = 0; i < map->count; i++)
		stored += map->segments[i].bytes;
	if (write_map(packer, map) < 0 || sparse_header(packer, &item->status, stored) < 0)
		return -1;
	return pack_content(packer, item->fd, map);
}

int pack_file(struct packer *packer, const struct pack_item *item)
{
	uint64_t size = (uint64_t)item->status.st_size;
	bool maybe_sparse = (uint64_t)item->status.st_blocks * STATUS_BLOCK < size;
	struct tar_map map = {0};
	struct tar_segment whole = {0, size};
	int result = 0;
	if (maybe_sparse)
		result = find_segments(packer, item->fd, size, &map);
	if (result == 0 && maybe_sparse && !is_whole(&map, size)) {
		result = pack_sparse(packer, item, &map);
	} else if (result == 0) {
		const struct tar_map single = {&whole, 1, 1};
		result = pack_header(packer, &item->status, '0', size);
		if (result == 0)
			result = pack_content(packer, item->fd, &single);
	}
	tar_map_reset(&map);
	return result;
}
