#include "tar-number.h"

enum { NANOSECOND_DIGITS = 9, NANOSECONDS = 1000000000, BASE256_FLAG = 0x80, BASE256_SIGN = 0x40 };

static bool base256(const char *field, size_t length, int64_t *value)
{
	const unsigned char *bytes = (const unsigned char *)field;
	bool negative = (bytes[0] & BASE256_SIGN) != 0;
	unsigned char fill = negative ? 0xff : 0;
	unsigned char first = negative ? bytes[0] : (unsigned char)(bytes[0] & ~BASE256_FLAG);
	uint64_t bits = negative ? UINT64_MAX : 0;
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = i == 0 ? first : bytes[i];
		if (length - i > sizeof bits) {
			if (byte != fill)
				return false;
			continue;
		}
		bits = bits << 8 | byte;
	}
	if ((bits >> 63 != 0) != negative)
		return false;
	*value = (int64_t)bits;
	return true;
}

bool tar_field_number(const char *field, size_t length, int64_t *value)
{
	if ((unsigned char)field[0] & BASE256_FLAG)
		return base256(field, length, value);
	size_t i = 0;
	while (i < length && field[i] == ' ')
		i++;
	int64_t sum = 0;
	for (; i < length && field[i] != ' ' && field[i] != 0; i++) {
		if (field[i] < '0' || field[i] > '7')
			return false;
		/* twelve digits at most: no overflow */
		sum = sum * 8 + (field[i] - '0');
	}
	*value = sum;
	return true;
}

bool tar_decimal(const char *text, size_t length, int64_t *value)
{
	int64_t sum = 0;
	if (length == 0)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		int digit = text[i] - '0';
		if (sum > (INT64_MAX - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	*value = sum;
	return true;
}

static bool fraction(const char *text, size_t length, long *nanoseconds)
{
	long sum = 0;
	for (size_t i = 0; i < length || i < NANOSECOND_DIGITS; i++) {
		if (i < length && (text[i] < '0' || text[i] > '9'))
			return false;
		if (i < NANOSECOND_DIGITS)
			sum = sum * 10 + (i < length ? text[i] - '0' : 0);
	}
	*nanoseconds = sum;
	return true;
}

bool tar_decimal_time(const char *text, size_t length, struct timespec *value)
{
	bool negative = length > 0 && text[0] == '-';
	size_t start = negative ? 1 : 0;
	size_t dot = start;
	while (dot < length && text[dot] != '.')
		dot++;
	int64_t seconds;
	long nanoseconds = 0;
	if (!tar_decimal(text + start, dot - start, &seconds))
		return false;
	if (dot < length && !fraction(text + dot + 1, length - dot - 1, &nanoseconds))
		return false;
	if (negative) {
		/* -1.25 is 0.75 after -2 */
		seconds = -seconds;
		if (nanoseconds > 0) {
			seconds--;
			nanoseconds = NANOSECONDS - nanoseconds;
		}
	}
	value->tv_sec = (time_t)seconds;
	value->tv_nsec = nanoseconds;
	return true;
}

bool tar_is_id(int64_t value)
{
	return value >= 0 && value < UINT32_MAX;
}
