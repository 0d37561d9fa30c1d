#include "tar-pax.h"

#include "tar-error.h"
#include "tar-number.h"

#include <stdlib.h>
#include <string.h>

/** One record as it is applied. */
struct record {
	const char *keyword;
	size_t keyword_length;
	const char *value;
	size_t length;
};

static int refuse(const struct record *record, struct tar_error *error, const char *why)
{
	char escaped[TAR_ESCAPED_BYTES];
	return tar_reject(error, NULL, 0, "extended header: %s: %s",
	                  tar_escape(escaped, record->keyword, record->keyword_length), why);
}

static bool is(const struct record *record, const char *keyword)
{
	return strlen(keyword) == record->keyword_length &&
	       memcmp(keyword, record->keyword, record->keyword_length) == 0;
}

static int set_number(struct tar_number *number, const struct record *record, struct tar_error *error)
{
	/* POSIX: an empty value takes back what an earlier header said */
	number->given = record->length > 0;
	if (number->given && !tar_decimal(record->value, record->length, &number->value))
		return refuse(record, error, "not a decimal number below 2^63");
	return 0;
}

static int set_bytes(struct tar_bytes *bytes, const struct record *record)
{
	*bytes = record->length > 0 ? (struct tar_bytes){record->value, record->length}
	                            : (struct tar_bytes){0};
	return 0;
}

static int set_mtime(struct tar_pax *pax, const struct record *record, struct tar_error *error)
{
	pax->mtime_given = record->length > 0;
	if (pax->mtime_given && !tar_decimal_time(record->value, record->length, &pax->mtime))
		return refuse(record, error, "not a time in seconds");
	return 0;
}

static int hex(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

/** GNU tar writes '=' and '%' in attribute names as %3D and %25; other percent signs stand for themselves. */
static char *decode_xattr_name(const char *text, size_t length)
{
	char *name = malloc(length + 1);
	size_t used = 0;
	if (!name)
		return NULL;
	for (size_t i = 0; i < length; i++) {
		name[used] = text[i];
		if (text[i] == '%' && i + 2 < length && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
			char byte = (char)(hex(text[i + 1]) << 4 | hex(text[i + 2]));
			if (byte == '=' || byte == '%') {
				name[used] = byte;
				i += 2;
			}
		}
		used++;
	}
	name[used] = 0;
	return name;
}

static int add_xattr(struct tar_pax *pax, const struct record *record, struct tar_error *error)
{
	size_t skipped = sizeof TAR_XATTR_PREFIX - 1;
	const char *text = record->keyword + skipped;
	size_t length = record->keyword_length - skipped;
	if (length == 0 || memchr(text, 0, length))
		return refuse(record, error, "no name of an extended attribute");
	/* doubling at powers of two */
	if ((pax->xattr_count & (pax->xattr_count - 1)) == 0) {
		size_t room = pax->xattr_count ? pax->xattr_count * 2 : 1;
		struct tar_xattr *grown = realloc(pax->xattrs, room * sizeof *grown);
		if (!grown)
			return tar_fail(error, "realloc", "extended header", 15);
		pax->xattrs = grown;
	}
	char *name = decode_xattr_name(text, length);
	if (!name)
		return tar_fail(error, "malloc", "extended header", 15);
	pax->xattrs[pax->xattr_count++] = (struct tar_xattr){name, record->value, record->length};
	return 0;
}

/** Version 0.0: pairs of records. */
static int sparse_pair(struct tar_pax *pax, const struct record *record, bool offset, struct tar_error *error)
{
	struct tar_number number;
	if (set_number(&number, record, error) < 0)
		return -1;
	if (offset == pax->sparse_offset.given || !number.given)
		return refuse(record, error, "sparse offsets and lengths do not alternate");
	if (!offset && tar_map_add(&pax->sparse_map, pax->sparse_offset.value, number.value, error) < 0)
		return -1;
	pax->sparse_offset = (struct tar_number){offset, number.value};
	return 0;
}

/** Version 0.1: "offset,length,offset,length..." in one record. */
static int sparse_list(struct tar_pax *pax, const struct record *record, struct tar_error *error)
{
	const char *at = record->value;
	const char *end = record->value + record->length;
	int64_t numbers[2];
	int which = 0;
	tar_map_reset(&pax->sparse_map);
	while (at < end) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		const char *stop = comma ? comma : end;
		if (!tar_decimal(at, (size_t)(stop - at), &numbers[which]))
			return refuse(record, error, "not a list of numbers");
		if (which == 1 && tar_map_add(&pax->sparse_map, numbers[0], numbers[1], error) < 0)
			return -1;
		which ^= 1;
		at = comma ? comma + 1 : end;
	}
	return which == 0 ? 0 : refuse(record, error, "an offset without its length");
}

static int apply_sparse(struct tar_pax *pax, const struct record *record, struct tar_error *error)
{
	if (is(record, "GNU.sparse.name"))
		return set_bytes(&pax->sparse_name, record);
	if (is(record, "GNU.sparse.major"))
		return set_number(&pax->sparse_major, record, error);
	if (is(record, "GNU.sparse.minor"))
		return set_number(&pax->sparse_minor, record, error);
	if (is(record, "GNU.sparse.size") || is(record, "GNU.sparse.realsize"))
		return set_number(&pax->sparse_size, record, error);
	if (is(record, "GNU.sparse.offset"))
		return sparse_pair(pax, record, true, error);
	if (is(record, "GNU.sparse.numbytes"))
		return sparse_pair(pax, record, false, error);
	if (is(record, "GNU.sparse.map"))
		return sparse_list(pax, record, error);
	if (is(record, "GNU.sparse.numblocks"))
		return 0;
	return refuse(record, error, "unknown sparse format");
}

static int apply_ours(struct tar_pax *pax, const struct record *record, struct tar_error *error)
{
	pax->socket = record->length == sizeof TAR_TYPE_SOCKET - 1 &&
	              memcmp(record->value, TAR_TYPE_SOCKET, record->length) == 0;
	return pax->socket ? 0 : refuse(record, error, "unknown type");
}

static bool starts_with(const struct record *record, const char *prefix)
{
	size_t length = strlen(prefix);
	return record->keyword_length >= length && memcmp(record->keyword, prefix, length) == 0;
}

static int apply_own(struct tar_pax *pax, const struct record *record, struct tar_error *error)
{
	if (is(record, "path"))
		return set_bytes(&pax->path, record);
	if (is(record, "linkpath"))
		return set_bytes(&pax->linkpath, record);
	if (is(record, "size"))
		return set_number(&pax->size, record, error);
	if (is(record, "SCHILY.devmajor"))
		return set_number(&pax->device_major, record, error);
	if (is(record, "SCHILY.devminor"))
		return set_number(&pax->device_minor, record, error);
	if (is(record, TAR_TYPE_KEYWORD))
		return apply_ours(pax, record, error);
	if (starts_with(record, TAR_XATTR_PREFIX))
		return add_xattr(pax, record, error);
	if (starts_with(record, "GNU.sparse."))
		return apply_sparse(pax, record, error);
	return 1;
}

static int apply(struct tar_pax *pax, const struct record *record, bool global, struct tar_error *error)
{
	if (is(record, "mtime"))
		return set_mtime(pax, record, error);
	if (is(record, "uid"))
		return set_number(&pax->uid, record, error);
	if (is(record, "gid"))
		return set_number(&pax->gid, record, error);
	if (global) {
		/* what names or shapes one file cannot hold for all that follow */
		struct tar_pax scratch = {0};
		int known = apply_own(&scratch, record, error);
		tar_pax_reset(&scratch);
		return known == 1 ? 0 : refuse(record, error, "not allowed in a global header");
	}
	/* comment, atime, ctime, uname, gname, SCHILY.fflags and other vendors' records say nothing we
	 * restore */
	return apply_own(pax, record, error) < 0 ? -1 : 0;
}

/** The record at `at`: "LENGTH KEYWORD=VALUE\n", LENGTH counting all of it. Returns its length, 0 when
 * malformed. */
static size_t split_record(const char *at, size_t left, struct record *record)
{
	const char *space = memchr(at, ' ', left);
	int64_t length;
	if (!space || !tar_decimal(at, (size_t)(space - at), &length))
		return 0;
	size_t head = (size_t)(space - at) + 1;
	if ((uint64_t)length > left || (size_t)length < head + 2 || at[length - 1] != '\n')
		return 0;
	const char *equals = memchr(at + head, '=', (size_t)length - head - 1);
	if (!equals || equals == at + head)
		return 0;
	record->keyword = at + head;
	record->keyword_length = (size_t)(equals - record->keyword);
	record->value = equals + 1;
	record->length = (size_t)(at + length - 1 - record->value);
	return (size_t)length;
}

/** Owns `contents` from here on, whatever is returned. */
static int keep_buffer(struct tar_pax *pax, char *contents, size_t length, struct tar_error *error)
{
	char **grown = realloc(pax->buffers, (pax->buffer_count + 1) * sizeof *grown);
	if (!grown) {
		free(contents);
		return tar_fail(error, "realloc", "extended header", 15);
	}
	pax->buffers = grown;
	pax->buffers[pax->buffer_count++] = contents;
	pax->buffered_bytes += length;
	return 0;
}

int tar_pax_records(struct tar_pax *pax, char *contents, size_t length, bool global, struct tar_error *error)
{
	if (keep_buffer(pax, contents, length, error) < 0)
		return -1;
	size_t at = 0;
	while (at < length) {
		struct record record;
		size_t taken = split_record(contents + at, length - at, &record);
		if (taken == 0)
			return tar_reject(error, NULL, 0, "extended header: malformed record at byte %zu",
			                  at);
		if (apply(pax, &record, global, error) < 0)
			return -1;
		at += taken;
	}
	return 0;
}

int tar_pax_long_name(struct tar_pax *pax, char *contents, size_t length, bool link, struct tar_error *error)
{
	if (keep_buffer(pax, contents, length, error) < 0)
		return -1;
	/* GNU tar counts the closing NUL */
	size_t used = strnlen(contents, length);
	*(link ? &pax->linkpath : &pax->path) = (struct tar_bytes){contents, used};
	return 0;
}

bool tar_pax_pending(const struct tar_pax *pax)
{
	return pax->buffer_count > 0;
}

void tar_pax_reset(struct tar_pax *pax)
{
	for (size_t i = 0; i < pax->xattr_count; i++)
		free(pax->xattrs[i].name);
	free(pax->xattrs);
	for (size_t i = 0; i < pax->buffer_count; i++)
		free(pax->buffers[i]);
	free(pax->buffers);
	tar_map_reset(&pax->sparse_map);
	*pax = (struct tar_pax){0};
}
