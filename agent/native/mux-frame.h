/* Frames of the multiplexer (agent/protocol/README.md): how they look on the carrier. */
#ifndef RUNV_MUX_FRAME_H
#define RUNV_MUX_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MUX_HEADER_BYTES = 24,
	MUX_CRC_BYTES = 4,
	MUX_MAX_FRAME_BYTES = 32768,
	MUX_MAX_PAYLOAD = MUX_MAX_FRAME_BYTES - MUX_HEADER_BYTES - MUX_CRC_BYTES,
	MUX_SYNC_FIRST = 0xc5,
	MUX_SYNC_SECOND = 0x9e,
	MUX_VERSION = 1,
};

/* Those from MUX_OPEN on are numbered and arrive in order and once; the others are about the link itself. */
enum mux_type {
	MUX_HELLO = 1,
	MUX_WELCOME = 2,
	MUX_ACK = 3,
	MUX_NAK = 4,
	MUX_PROBE = 5,
	MUX_OPEN = 16,
	MUX_ACCEPT = 17,
	MUX_REFUSE = 18,
	MUX_DATA = 19,
	MUX_EOF = 20,
	MUX_CREDIT = 21,
	MUX_STOP = 22,
	MUX_RESET = 23,
};

struct mux_header {
	unsigned type;
	uint32_t sequence;     /* of a numbered frame its own; of others the next numbered frame's */
	uint32_t acknowledged; /* the frame that is expected next */
	uint32_t stream;
	uint32_t length; /* of the payload */
};

static inline void mux_put_u32(uint8_t *bytes, uint32_t value)
{
	for (int index = 0; index < 4; index++)
		bytes[index] = (uint8_t)(value >> (24 - 8 * index));
}

static inline uint32_t mux_get_u32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* What both ends have agreed on. */
struct mux_framing {
	/* Checksums begin with it, and only the two ends know it: bytes of a stream cannot pass for a frame. */
	uint32_t session;
	bool reliable; /* the carrier neither loses nor changes bytes */
};

size_t mux_frame_bytes(const struct mux_header *header, const struct mux_framing *framing);

void mux_put_header(uint8_t *frame, const struct mux_header *header, const struct mux_framing *framing);
/* Adds the checksum of the payload, which stands behind the header, if it is to have one. */
void mux_seal_payload(uint8_t *frame, const struct mux_header *header, const struct mux_framing *framing);

/* Whether a header of this session stands here. */
bool mux_get_header(const uint8_t *frame, const struct mux_framing *framing, struct mux_header *out);
bool mux_payload_intact(const uint8_t *frame, const struct mux_header *header,
                        const struct mux_framing *framing);

#endif
