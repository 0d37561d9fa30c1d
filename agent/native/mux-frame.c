#include "mux-frame.h"

#include "crc32.h"

enum { TYPE = 2, ZERO = 3, SEQUENCE = 4, ACKNOWLEDGED = 8, STREAM = 12, LENGTH = 16, CHECKSUM = 20 };

/* The greeting tells the number of the session: it cannot depend on it. */
static uint32_t seed(unsigned type, uint32_t session)
{
	return type == MUX_HELLO ? 0 : session;
}

/* A checksum of all that streams carry costs several times what carrying it does, where the machine is emulated. */
static bool has_payload_checksum(const struct mux_header *header, const struct mux_framing *framing)
{
	return header->length > 0 && (header->type != MUX_DATA || !framing->reliable);
}

size_t mux_frame_bytes(const struct mux_header *header, const struct mux_framing *framing)
{
	return MUX_HEADER_BYTES + (size_t)header->length +
	       (has_payload_checksum(header, framing) ? MUX_CRC_BYTES : 0);
}

void mux_put_header(uint8_t *frame, const struct mux_header *header, const struct mux_framing *framing)
{
	frame[0] = MUX_SYNC_FIRST;
	frame[1] = MUX_SYNC_SECOND;
	frame[TYPE] = (uint8_t)header->type;
	frame[ZERO] = 0;
	mux_put_u32(frame + SEQUENCE, header->sequence);
	mux_put_u32(frame + ACKNOWLEDGED, header->acknowledged);
	mux_put_u32(frame + STREAM, header->stream);
	mux_put_u32(frame + LENGTH, header->length);
	mux_put_u32(frame + CHECKSUM, runv_crc32(seed(header->type, framing->session), frame, CHECKSUM));
}

/* A payload belongs to one frame only. */
static uint32_t payload_checksum(const uint8_t *frame, const struct mux_header *header, uint32_t session)
{
	return runv_crc32(seed(header->type, session) ^ header->sequence, frame + MUX_HEADER_BYTES,
	                  header->length);
}

void mux_seal_payload(uint8_t *frame, const struct mux_header *header, const struct mux_framing *framing)
{
	if (has_payload_checksum(header, framing))
		mux_put_u32(frame + MUX_HEADER_BYTES + header->length,
		            payload_checksum(frame, header, framing->session));
}

bool mux_get_header(const uint8_t *frame, const struct mux_framing *framing, struct mux_header *out)
{
	if (frame[0] != MUX_SYNC_FIRST || frame[1] != MUX_SYNC_SECOND || frame[ZERO] != 0)
		return false;
	out->type = frame[TYPE];
	out->sequence = mux_get_u32(frame + SEQUENCE);
	out->acknowledged = mux_get_u32(frame + ACKNOWLEDGED);
	out->stream = mux_get_u32(frame + STREAM);
	out->length = mux_get_u32(frame + LENGTH);
	return out->length <= MUX_MAX_PAYLOAD &&
	       mux_get_u32(frame + CHECKSUM) ==
	               runv_crc32(seed(out->type, framing->session), frame, CHECKSUM);
}

bool mux_payload_intact(const uint8_t *frame, const struct mux_header *header,
                        const struct mux_framing *framing)
{
	return !has_payload_checksum(header, framing) ||
	       mux_get_u32(frame + MUX_HEADER_BYTES + header->length) ==
	               payload_checksum(frame, header, framing->session);
}
