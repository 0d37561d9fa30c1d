#include "tar-error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	/** Longest escape of one byte: \xNN. */
	ESCAPE_BYTES = 4,
	HEAD_BYTES = 144,
	TAIL_BYTES = 90,
};

static size_t escape_byte(char out[ESCAPE_BYTES + 1], unsigned char byte)
{
	if (byte == '"' || byte == '\\')
		return (size_t)snprintf(out, ESCAPE_BYTES + 1, "\\%c", byte);
	if (byte >= ' ' && byte <= '~')
		return (size_t)snprintf(out, ESCAPE_BYTES + 1, "%c", byte);
	return (size_t)snprintf(out, ESCAPE_BYTES + 1, "\\x%02x", byte);
}

/** Index from which the escaped rest fits into TAIL_BYTES. */
static size_t tail_start(const char *bytes, size_t length, size_t from)
{
	char one[ESCAPE_BYTES + 1];
	size_t used = 0;
	size_t start = length;
	while (start > from) {
		used += escape_byte(one, (unsigned char)bytes[start - 1]);
		if (used > TAIL_BYTES)
			break;
		start--;
	}
	return start;
}

static size_t append_escaped(char *out, const char *bytes, size_t length, size_t room, size_t *taken)
{
	char one[ESCAPE_BYTES + 1];
	size_t used = 0;
	size_t i = 0;
	for (; i < length; i++) {
		size_t width = escape_byte(one, (unsigned char)bytes[i]);
		if (used + width > room)
			break;
		memcpy(out + used, one, width);
		used += width;
	}
	*taken = i;
	return used;
}

const char *tar_escape(char out[TAR_ESCAPED_BYTES], const char *bytes, size_t length)
{
	size_t taken;
	size_t used = 0;
	out[used++] = '"';
	used += append_escaped(out + used, bytes, length, HEAD_BYTES, &taken);
	if (taken < length) {
		size_t start = tail_start(bytes, length, taken);
		if (start > taken) {
			memcpy(out + used, "[...]", 5);
			used += 5;
		}
		used += append_escaped(out + used, bytes + start, length - start, TAIL_BYTES, &taken);
	}
	out[used++] = '"';
	out[used] = 0;
	return out;
}

int tar_reject(struct tar_error *error, const char *name, size_t name_length, const char *format, ...)
{
	int used = 0;
	if (name) {
		char escaped[TAR_ESCAPED_BYTES];
		used = snprintf(error->message, sizeof error->message,
		                "entry %s: ", tar_escape(escaped, name, name_length));
	}
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(error->message + used, sizeof error->message - (size_t)used, format, arguments);
	va_end(arguments);
	error->number = EBADMSG;
	error->call = "untar";
	return -1;
}

int tar_fail(struct tar_error *error, const char *call, const char *name, size_t name_length)
{
	int number = errno;
	char escaped[TAR_ESCAPED_BYTES];
	snprintf(error->message, sizeof error->message, "%s: %s: %s", tar_escape(escaped, name, name_length),
	         call, strerror(number));
	error->number = number;
	error->call = call;
	return -1;
}
