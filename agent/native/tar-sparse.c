#include "tar-entry.h"
#include "tar-error.h"
#include "tar-number.h"

#include <string.h>

/** Longest line of a version 1.0 map: a number below 2^63. */
enum { MAP_LINE_BYTES = 20 };

/** Reads the decimal lines of a version 1.0 map, block by block. */
struct map_lines {
	struct tar_reader *reader;
	char block[TAR_BLOCK];
	size_t at;
};

static int reject(struct tar_reader *reader, const char *reason)
{
	const char *name = reader->entry.name;
	return tar_reject(reader->error, name, strlen(name), "%s", reason);
}

static int next_byte(struct map_lines *lines, char *byte)
{
	struct tar_entry *entry = &lines->reader->entry;
	if (lines->at == TAR_BLOCK) {
		if (entry->stored_bytes < TAR_BLOCK)
			return reject(lines->reader, "its sparse map is longer than its size");
		if (tar_source_read(&lines->reader->source, lines->block, TAR_BLOCK) < 0)
			return -1;
		entry->stored_bytes -= TAR_BLOCK;
		lines->at = 0;
	}
	*byte = lines->block[lines->at++];
	return 0;
}

static int next_number(struct map_lines *lines, int64_t *value)
{
	char line[MAP_LINE_BYTES];
	size_t length = 0;
	for (;;) {
		char byte = 0;
		if (next_byte(lines, &byte) < 0)
			return -1;
		if (byte == '\n')
			break;
		if (length == sizeof line)
			return reject(lines->reader, "its sparse map is malformed");
		line[length++] = byte;
	}
	return tar_decimal(line, length, value) ? 0 : reject(lines->reader, "its sparse map is malformed");
}

/** Version 1.0: the map stands before the content, padded to a block. */
static int read_pax_map(struct tar_reader *reader)
{
	struct map_lines lines = {.reader = reader, .at = TAR_BLOCK};
	int64_t count;
	if (next_number(&lines, &count) < 0)
		return -1;
	if (count > TAR_SEGMENT_LIMIT)
		return reject(reader, "its sparse map has too many segments");
	for (int64_t i = 0; i < count; i++) {
		int64_t offset;
		int64_t bytes;
		if (next_number(&lines, &offset) < 0 || next_number(&lines, &bytes) < 0 ||
		    tar_map_add(&reader->entry.map, offset, bytes, reader->error) < 0)
			return -1;
	}
	return 0;
}

/** `count` pairs at `fields`; an empty one ends the map. */
static int add_gnu_fields(struct tar_reader *reader, const char *fields, int count)
{
	for (int i = 0; i < count; i++, fields += 2 * GNU_NUMBER_BYTES) {
		int64_t offset;
		int64_t bytes;
		if (fields[0] == 0)
			break;
		if (!tar_field_number(fields, GNU_NUMBER_BYTES, &offset) ||
		    !tar_field_number(fields + GNU_NUMBER_BYTES, GNU_NUMBER_BYTES, &bytes))
			return reject(reader, "its sparse map is malformed");
		if (tar_map_add(&reader->entry.map, offset, bytes, reader->error) < 0)
			return -1;
	}
	return 0;
}

/** Old GNU: the map stands in the header and in blocks behind it, which do not count for the size. */
static int read_gnu_map(struct tar_reader *reader, const char *header)
{
	int64_t bytes;
	if (!tar_field_number(header + GNU_SPARSE_REALSIZE_OFFSET, GNU_NUMBER_BYTES, &bytes) || bytes < 0)
		return reject(reader, "its sparse size is malformed");
	reader->entry.bytes = (uint64_t)bytes;
	if (add_gnu_fields(reader, header + GNU_SPARSE_OFFSET, GNU_SPARSE_IN_HEADER) < 0)
		return -1;
	bool more = header[GNU_SPARSE_EXTENDED_OFFSET] != 0;
	/* blocks may be empty, so the segments' limit alone does not bound them */
	for (int blocks = 0; more; blocks++) {
		char block[TAR_BLOCK];
		if (blocks > TAR_SEGMENT_LIMIT / GNU_SPARSE_IN_BLOCK)
			return reject(reader, "its sparse map is too long");
		if (tar_source_read(&reader->source, block, sizeof block) < 0 ||
		    add_gnu_fields(reader, block, GNU_SPARSE_IN_BLOCK) < 0)
			return -1;
		more = block[GNU_SPARSE_CONTINUED_OFFSET] != 0;
	}
	return 0;
}

static int check_map(struct tar_reader *reader)
{
	const struct tar_entry *entry = &reader->entry;
	uint64_t sum = 0;
	for (size_t i = 0; i < entry->map.count; i++) {
		const struct tar_segment *segment = &entry->map.segments[i];
		if (segment->offset + segment->bytes > entry->bytes)
			return reject(reader, "its sparse map goes beyond its size");
		/* segments ascend and end by 2^63: no overflow */
		sum += segment->bytes;
	}
	return sum == entry->stored_bytes ? 0 : reject(reader, "its sparse map does not match its size");
}

int tar_read_map(struct tar_reader *reader, const struct tar_header *header)
{
	struct tar_entry *entry = &reader->entry;
	struct tar_pax *pax = &reader->local;
	bool version1 = pax->sparse_major.given && pax->sparse_major.value == 1;
	if (pax->sparse_major.given && pax->sparse_major.value > 1)
		return reject(reader, "its sparse format is newer than 1.0");
	tar_map_reset(&entry->map);
	entry->sparse =
	        header->type == 'S' || version1 || pax->sparse_map.count > 0 || pax->sparse_size.given;
	if (!entry->sparse)
		return 0;
	if (header->type == 'S') {
		if (read_gnu_map(reader, (const char *)header) < 0)
			return -1;
		return check_map(reader);
	}
	if (!pax->sparse_size.given || pax->sparse_offset.given)
		return reject(reader, "its sparse size or a length of its sparse map is missing");
	entry->bytes = (uint64_t)pax->sparse_size.value;
	if (version1) {
		if (read_pax_map(reader) < 0)
			return -1;
	} else {
		entry->map = pax->sparse_map;
		pax->sparse_map = (struct tar_map){0};
	}
	return check_map(reader);
}
