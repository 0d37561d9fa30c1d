#include "tar-entry.h"
#include "tar-error.h"
#include "tar-number.h"

#include <stdlib.h>
#include <string.h>

/** What may follow the end mark: tar pads to records of up to some MiB (its blocking factor). */
enum { TRAILER_LIMIT = 4 << 20 };

static bool is_zero(const void *block)
{
	static const unsigned char zeros[TAR_BLOCK];
	return memcmp(block, zeros, TAR_BLOCK) == 0;
}

uint32_t tar_checksum(const struct tar_header *header)
{
	const unsigned char *bytes = (const unsigned char *)header;
	uint32_t sum = 0;
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += bytes[i];
	for (size_t i = 0; i < sizeof header->checksum; i++)
		sum += ' ' - (uint32_t)(unsigned char)header->checksum[i];
	return sum;
}

/** Some old programs summed signed bytes. */
static int64_t signed_checksum(const struct tar_header *header)
{
	const signed char *bytes = (const signed char *)header;
	int64_t sum = 0;
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += bytes[i];
	for (size_t i = 0; i < sizeof header->checksum; i++)
		sum += ' ' - (signed char)header->checksum[i];
	return sum;
}

static int check_sum(const struct tar_header *header, struct tar_error *error)
{
	int64_t wanted;
	if (!tar_field_number(header->checksum, sizeof header->checksum, &wanted) ||
	    (wanted != tar_checksum(header) && wanted != signed_checksum(header)))
		return tar_reject(error, NULL, 0, "not a tar header: its checksum does not match");
	return 0;
}

/** Two zero blocks, or one and the end of the stream, end an archive. */
static int end_mark(struct tar_reader *reader)
{
	const void *block;
	if (tar_pax_pending(&reader->local))
		return tar_reject(reader->error, NULL, 0, "the archive ends after an extended header");
	int got = tar_source_take(&reader->source, TAR_BLOCK, &block);
	if (got <= 0)
		return got;
	if (!is_zero(block))
		return tar_reject(reader->error, NULL, 0, "a lone zero block stands between entries");
	return tar_source_drain(&reader->source, TRAILER_LIMIT);
}

static bool is_extended(char type)
{
	return type == 'x' || type == 'X' || type == 'g' || type == 'L' || type == 'K';
}

static int read_extended(struct tar_reader *reader, const struct tar_header *header)
{
	char type = header->type;
	struct tar_pax *pax = type == 'g' ? &reader->global : &reader->local;
	int64_t bytes;
	if (!tar_field_number(header->size, sizeof header->size, &bytes) || bytes < 0)
		return tar_reject(reader->error, NULL, 0, "an extended header has a malformed size");
	if ((uint64_t)bytes > TAR_EXTENDED_LIMIT - pax->buffered_bytes)
		return tar_reject(reader->error, NULL, 0,
		                  "extended headers of %lld bytes exceed the limit of %d", (long long)bytes,
		                  TAR_EXTENDED_LIMIT);
	size_t length = (size_t)bytes;
	char *contents = malloc(length + 1);
	if (!contents)
		return tar_fail(reader->error, "malloc", "extended header", 15);
	if (tar_source_read(&reader->source, contents, length) < 0 ||
	    tar_source_skip(&reader->source, tar_padding(length)) < 0) {
		free(contents);
		return -1;
	}
	if (type == 'L' || type == 'K')
		return tar_pax_long_name(pax, contents, length, type == 'K', reader->error);
	return tar_pax_records(pax, contents, length, type == 'g', reader->error);
}

int tar_next_entry(struct tar_reader *reader)
{
	tar_pax_reset(&reader->local);
	for (;;) {
		const void *block;
		int got = tar_source_take(&reader->source, TAR_BLOCK, &block);
		if (got < 0)
			return -1;
		if (got == 0)
			return tar_reject(reader->error, NULL, 0,
			                  "the archive is cut off: it has no end mark");
		if (is_zero(block))
			return end_mark(reader);
		struct tar_header header;
		memcpy(&header, block, sizeof header);
		if (check_sum(&header, reader->error) < 0)
			return -1;
		if (reader->headers++ == reader->max_headers)
			return tar_reject(reader->error, NULL, 0, "more than %llu headers",
			                  (unsigned long long)reader->max_headers);
		if (!is_extended(header.type))
			return tar_describe(reader, &header) < 0 ? -1 : 1;
		if (read_extended(reader, &header) < 0)
			return -1;
	}
}

void tar_reader_release(struct tar_reader *reader)
{
	tar_pax_reset(&reader->local);
	tar_pax_reset(&reader->global);
	tar_map_reset(&reader->entry.map);
	tar_source_close(&reader->source);
}
