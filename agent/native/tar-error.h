#ifndef RUNV_TAR_ERROR_H
#define RUNV_TAR_ERROR_H

#include "tar.h"

#include <stddef.h>

/** Bytes that an escaped name may take: long enough to find the file, short enough for a log line. */
enum { TAR_ESCAPED_BYTES = 256 };

/** `bytes` as printable ASCII in double quotes; too long ones lose their middle. Returns `out`. */
const char *tar_escape(char out[TAR_ESCAPED_BYTES], const char *bytes, size_t length);

/** The archive is wrong: EBADMSG, `entry "name": reason`. Without a name (NULL) just the reason. Returns -1.
 */
int tar_reject(struct tar_error *error, const char *name, size_t name_length, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/** A system call failed with `errno`: `"name": call: reason`. Returns -1. */
int tar_fail(struct tar_error *error, const char *call, const char *name, size_t name_length);

#endif
