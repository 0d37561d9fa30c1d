#include "crc32.h"

#include <stdbool.h>
#include <string.h>

/* Eight bytes a step, by eight tables: table[k][b] is the CRC of the byte b with k zero bytes behind it. */
enum { SLICES = 8 };

static const uint32_t reversed_polynomial = 0xedb88320;
static uint32_t table[SLICES][256];

static void fill_tables(void)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t crc = byte;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? reversed_polynomial : 0);
		table[0][byte] = crc;
	}
	for (int slice = 1; slice < SLICES; slice++) {
		for (int byte = 0; byte < 256; byte++) {
			uint32_t crc = table[slice - 1][byte];
			table[slice][byte] = crc >> 8 ^ table[0][crc & 0xff];
		}
	}
}

static uint32_t little_endian(const uint8_t *bytes)
{
	return (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 | bytes[0];
}

static uint32_t four(const uint32_t (*slices)[256], uint32_t word)
{
	return slices[3][word & 0xff] ^ slices[2][word >> 8 & 0xff] ^ slices[1][word >> 16 & 0xff] ^
	       slices[0][word >> 24];
}

uint32_t runv_crc32(uint32_t crc, const uint8_t *bytes, size_t length)
{
	if (table[0][1] == 0)
		fill_tables();
	crc = ~crc;
	for (; length >= SLICES; bytes += SLICES, length -= SLICES)
		crc = four(table + 4, crc ^ little_endian(bytes)) ^ four(table, little_endian(bytes + 4));
	for (; length > 0; length--)
		crc = crc >> 8 ^ table[0][(crc ^ *bytes++) & 0xff];
	return ~crc;
}
