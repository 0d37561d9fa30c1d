#include "tar-error.h"
#include "tar-number.h"
#include "tar-pack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

enum {
	PERMISSION_BITS = 07777,
	/** Largest values of the octal fields: 7 and 11 digits. */
	LARGEST_ID = 07777777,
	NUMBER_TEXT_BYTES = 32,
};
static const uint64_t largest_size = 077777777777;

int pack_fail(struct packer *packer, const char *call)
{
	return tar_fail(packer->error, call, packer->name, packer->name_length);
}

int pack_reserve(struct packer *packer, struct pack_buffer *buffer, size_t bytes)
{
	size_t needed = buffer->used + bytes;
	if (needed <= buffer->room)
		return 0;
	size_t room = buffer->room ? buffer->room : 1024;
	while (room < needed)
		room *= 2;
	char *grown = realloc(buffer->data, room);
	if (!grown)
		return pack_fail(packer, "realloc");
	buffer->data = grown;
	buffer->room = room;
	return 0;
}

static size_t decimal_digits(size_t value)
{
	size_t digits = 1;
	while (value >= 10) {
		value /= 10;
		digits++;
	}
	return digits;
}

int pack_record(struct packer *packer, const char *keyword, const char *value, size_t length)
{
	struct pack_buffer *records = &packer->records;
	/* " KEYWORD=VALUE\n" and the length in front, which counts itself */
	size_t rest = strlen(keyword) + length + 3;
	size_t total = rest + decimal_digits(rest);
	total = rest + decimal_digits(total);
	if (records->used + total > TAR_EXTENDED_LIMIT) {
		errno = E2BIG;
		return pack_fail(packer, "extended header");
	}
	if (pack_reserve(packer, records, total + 1) < 0)
		return -1;
	char *at = records->data + records->used;
	at += sprintf(at, "%zu %s=", total, keyword);
	memcpy(at, value, length);
	at[length] = '\n';
	records->used += total;
	return 0;
}

int pack_number_record(struct packer *packer, const char *keyword, uint64_t value)
{
	char text[NUMBER_TEXT_BYTES];
	int length = snprintf(text, sizeof text, "%llu", (unsigned long long)value);
	return pack_record(packer, keyword, text, (size_t)length);
}

/** Octal digits that fill the field up to a closing NUL. Larger values are in a record: the field has 0. */
static void set_octal(char *field, size_t length, uint64_t value)
{
	field[length - 1] = 0;
	for (size_t i = length - 1; i-- > 0; value >>= 3)
		field[i] = (char)('0' + (value & 7));
}

static bool is_utf8(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	while (*at) {
		int more = *at < 0x80 ? 0 : *at >= 0xc2 && *at < 0xe0 ? 1 : (*at & 0xf0) == 0xe0 ? 2 : 3;
		if (more == 3 && (*at < 0xf0 || *at > 0xf4))
			return false;
		bool overlong = (*at == 0xe0 && at[1] < 0xa0) || (*at == 0xf0 && at[1] < 0x90);
		bool beyond = (*at == 0xed && at[1] > 0x9f) || (*at == 0xf4 && at[1] > 0x8f);
		if (overlong || beyond)
			return false;
		for (at++; more > 0; more--, at++)
			if ((*at & 0xc0) != 0x80)
				return false;
	}
	return true;
}

/** Splits at a slash into prefix and name. False when that is impossible. */
static bool set_name(struct tar_header *header, const char *name, size_t length)
{
	if (length <= sizeof header->name) {
		memcpy(header->name, name, length);
		return true;
	}
	/* the first slash that leaves little enough, and is no closing one */
	size_t at = length - sizeof header->name - 1;
	while (at < length && name[at] != '/')
		at++;
	if (at == 0 || at + 1 >= length || at > sizeof header->prefix)
		return false;
	memcpy(header->prefix, name, at);
	memcpy(header->name, name + at + 1, length - at - 1);
	return true;
}

static int add_names(struct packer *packer, struct tar_header *header, char type)
{
	bool has_link = type == '1' || type == '2';
	size_t link_length = has_link ? strlen(packer->link) : 0;
	bool long_link = link_length > sizeof header->linkname;
	bool long_name = !set_name(header, packer->name, packer->name_length);
	if (has_link && !long_link)
		memcpy(header->linkname, packer->link, link_length);
	/* records are UTF-8 unless they say otherwise */
	if ((long_name && !is_utf8(packer->name)) || (long_link && !is_utf8(packer->link))) {
		if (pack_record(packer, "hdrcharset", "BINARY", 6) < 0)
			return -1;
	}
	if (long_name) {
		memcpy(header->name, packer->name, sizeof header->name);
		if (pack_record(packer, "path", packer->name, packer->name_length) < 0)
			return -1;
	}
	if (long_link) {
		memcpy(header->linkname, packer->link, sizeof header->linkname);
		if (pack_record(packer, "linkpath", packer->link, link_length) < 0)
			return -1;
	}
	return 0;
}

static int add_id(struct packer *packer, char *field, const char *keyword, uint64_t id)
{
	if (id <= LARGEST_ID) {
		set_octal(field, 8, id);
		return 0;
	}
	set_octal(field, 8, 0);
	return pack_number_record(packer, keyword, id);
}

static int add_size(struct packer *packer, struct tar_header *header, uint64_t size)
{
	set_octal(header->size, sizeof header->size, size <= largest_size ? size : 0);
	return size <= largest_size ? 0 : pack_number_record(packer, "size", size);
}

static int add_mtime(struct packer *packer, struct tar_header *header, const struct timespec *mtime)
{
	bool fits = mtime->tv_sec >= 0 && (uint64_t)mtime->tv_sec <= largest_size;
	char text[NUMBER_TEXT_BYTES];
	int length;
	set_octal(header->mtime, sizeof header->mtime, fits ? (uint64_t)mtime->tv_sec : 0);
	if (fits && mtime->tv_nsec == 0)
		return 0;
	long long seconds = mtime->tv_sec;
	long nanoseconds = mtime->tv_nsec;
	bool negative = seconds < 0;
	/* 0.75 after -2 is written -1.25 */
	if (negative && nanoseconds > 0) {
		seconds++;
		nanoseconds = 1000000000 - nanoseconds;
	}
	unsigned long long magnitude =
	        negative ? 0ull - (unsigned long long)seconds : (unsigned long long)seconds;
	length = snprintf(text, sizeof text, "%s%llu.%09ld", negative ? "-" : "", magnitude, nanoseconds);
	return pack_record(packer, "mtime", text, (size_t)length);
}

static void seal(struct tar_header *header)
{
	memcpy(header->magic, "ustar\00000", sizeof header->magic);
	/* six digits, NUL, space: as everybody writes it */
	set_octal(header->checksum, sizeof header->checksum - 1, tar_checksum(header));
	header->checksum[7] = ' ';
}

/** The records so far, as an entry of their own before the one that they describe. */
static int write_records(struct packer *packer)
{
	struct pack_buffer *records = &packer->records;
	struct tar_header header = {.name = "PaxHeader", .type = 'x'};
	if (records->used == 0)
		return 0;
	set_octal(header.mode, sizeof header.mode, 0644);
	set_octal(header.uid, sizeof header.uid, 0);
	set_octal(header.gid, sizeof header.gid, 0);
	set_octal(header.size, sizeof header.size, records->used);
	set_octal(header.mtime, sizeof header.mtime, 0);
	seal(&header);
	if (tar_sink_write(&packer->sink, &header, sizeof header) < 0 ||
	    tar_sink_write(&packer->sink, records->data, records->used) < 0)
		return -1;
	return tar_sink_zeros(&packer->sink, tar_padding(records->used));
}

int pack_header(struct packer *packer, const struct stat *status, char type, uint64_t size)
{
	struct tar_header header = {.type = type};
	bool device = type == '3' || type == '4';
	if (add_names(packer, &header, type) < 0 || add_id(packer, header.uid, "uid", status->st_uid) < 0 ||
	    add_id(packer, header.gid, "gid", status->st_gid) < 0 || add_size(packer, &header, size) < 0 ||
	    add_mtime(packer, &header, &status->st_mtim) < 0)
		return -1;
	set_octal(header.mode, sizeof header.mode, status->st_mode & PERMISSION_BITS);
	set_octal(header.devmajor, sizeof header.devmajor, device ? major(status->st_rdev) : 0);
	set_octal(header.devminor, sizeof header.devminor, device ? minor(status->st_rdev) : 0);
	seal(&header);
	if (write_records(packer) < 0)
		return -1;
	return tar_sink_write(&packer->sink, &header, sizeof header);
}
