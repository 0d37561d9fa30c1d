/* CRC-32 of ISO-HDLC, the one of gzip and Ethernet. */
#ifndef RUNV_CRC32_H
#define RUNV_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Goes on from `crc`: 0 at first, or whatever both sides agree to begin with. */
uint32_t runv_crc32(uint32_t crc, const uint8_t *bytes, size_t length);

#endif
