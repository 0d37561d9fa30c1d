#ifndef RUNV_TAR_NUMBER_H
#define RUNV_TAR_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/** A numeric header field: octal digits (blank is 0) or GNU base-256. False when malformed or beyond 63 bits.
 */
bool tar_field_number(const char *field, size_t length, int64_t *value);

/** Decimal digits alone, the whole of `text`. False when malformed or beyond 63 bits. */
bool tar_decimal(const char *text, size_t length, int64_t *value);

/** A pax time: seconds with an optional sign and fraction, of which nanoseconds are kept. False when
 * malformed. */
bool tar_decimal_time(const char *text, size_t length, struct timespec *value);

/** User and group ids: 2^32 - 1 means "leave as it is" to chown(2), so it is no id. */
bool tar_is_id(int64_t value);

#endif
