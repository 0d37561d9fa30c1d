#include "tar-entry.h"
#include "tar-error.h"

#include <limits.h>
#include <string.h>

int tar_clean_name(char *out, const char *name, size_t length, const char *what, struct tar_error *error)
{
	size_t used = 0;
	if (length == 0)
		return tar_reject(error, NULL, 0, "an entry has an empty %s", what);
	if (name[0] == '/')
		return tar_reject(error, name, length, "its %s is absolute", what);
	if (memchr(name, 0, length))
		return tar_reject(error, name, length, "its %s holds a NUL byte", what);
	if (length > TAR_NAME_LIMIT)
		return tar_reject(error, name, length, "its %s is longer than %d bytes", what,
		                  TAR_NAME_LIMIT);
	for (size_t at = 0; at < length;) {
		const char *slash = memchr(name + at, '/', length - at);
		size_t width = slash ? (size_t)(slash - name) - at : length - at;
		if (width == 2 && name[at] == '.' && name[at + 1] == '.')
			return tar_reject(error, name, length, "its %s has a \"..\" component", what);
		if (width > NAME_MAX)
			return tar_reject(error, name, length, "its %s has a component longer than %d bytes",
			                  what, NAME_MAX);
		if (width > 1 || (width == 1 && name[at] != '.')) {
			if (used > 0)
				out[used++] = '/';
			memcpy(out + used, name + at, width);
			used += width;
		}
		at += width + 1;
	}
	out[used] = 0;
	return 0;
}
