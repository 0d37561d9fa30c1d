#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mux.h"

/* The peer must not have to ask for its acknowledgement: it comes after this part of what may be under way. */
enum { ACK_SHARE = 4 };

bool mux_link_has_room(const struct mux *mux)
{
	return mux->held_bytes < mux->window_bytes && mux->held_frames < MUX_MAX_HELD_FRAMES;
}

uint8_t *mux_link_buffer(struct mux *mux)
{
	if (!mux->spare)
		mux->spare =
		        malloc(sizeof *mux->spare + MUX_HEADER_BYTES + mux->payload_bytes + MUX_CRC_BYTES);
	return mux->spare ? mux->spare->bytes + MUX_HEADER_BYTES : NULL;
}

/* A frame with this payload: in the buffer where it stands if it fills that well, else in a piece of memory of its size. */
static struct mux_held *frame_of(struct mux *mux, const uint8_t *payload, size_t payload_length,
                                 size_t length)
{
	struct mux_held *held = mux->spare;
	if (held && payload == held->bytes + MUX_HEADER_BYTES && payload_length > mux->payload_bytes / 2) {
		mux->spare = NULL;
		return held;
	}
	held = malloc(sizeof *held + length);
	if (held && payload_length > 0)
		memcpy(held->bytes + MUX_HEADER_BYTES, payload, payload_length);
	return held;
}

int mux_link_send(struct mux *mux, const struct mux_header *header, const uint8_t *payload)
{
	size_t length = mux_frame_bytes(header, &mux->framing);
	struct mux_held *held = frame_of(mux, payload, header->length, length);
	if (!held)
		return -1;
	held->next = NULL;
	held->header = *header;
	held->header.sequence = mux->next_sequence++;
	held->length = length;
	mux_seal_payload(held->bytes, &held->header, &mux->framing);
	if (mux->last)
		mux->last->next = held;
	else
		mux->first = held;
	mux->last = held;
	if (!mux->cursor)
		mux->cursor = held;
	mux->held_bytes += length;
	mux->held_frames++;
	return 0;
}

/* A frame that is half written goes out whole first: the rest of it would be garbage to the peer, and what follows lost. */
static void drop_acknowledged(struct mux *mux)
{
	while (mux->first && (int32_t)(mux->acknowledged - mux->first->header.sequence) > 0) {
		struct mux_held *held = mux->first;
		if (held == mux->cursor) {
			if (mux->cursor_offset > 0)
				return;
			mux->cursor = held->next;
		}
		mux->first = held->next;
		if (!mux->first)
			mux->last = NULL;
		mux->held_bytes -= held->length;
		mux->held_frames--;
		mux->progress = true;
		free(held);
	}
}

const char *mux_link_acknowledge(struct mux *mux, uint32_t acknowledged)
{
	if ((int32_t)(acknowledged - mux->next_sequence) > 0)
		return "protocol: a frame is acknowledged that was never sent";
	if ((int32_t)(acknowledged - mux->acknowledged) > 0)
		mux->acknowledged = acknowledged;
	drop_acknowledged(mux);
	return NULL;
}

void mux_link_release(struct mux *mux)
{
	while (mux->first) {
		struct mux_held *next = mux->first->next;
		free(mux->first);
		mux->first = next;
	}
	free(mux->spare);
	mux->last = mux->cursor = mux->spare = NULL;
	mux->held_bytes = mux->held_frames = 0;
}

static void told_acknowledged(struct mux *mux)
{
	mux->ack_due = false;
	mux->unacked_bytes = mux->unacked_frames = 0;
}

static void add_control(struct mux *mux, unsigned type, const uint32_t *words, uint32_t count)
{
	uint8_t *frame = mux->control + mux->control_end;
	/* The peer takes a number beyond the one it expects for a loss: frames that are still to be written are none. */
	uint32_t next = mux->cursor ? mux->cursor->header.sequence : mux->next_sequence;
	const struct mux_header header = {type, next, mux->expected, 0, 4 * count};
	for (uint32_t index = 0; index < count; index++)
		mux_put_u32(frame + MUX_HEADER_BYTES + 4 * index, words[index]);
	mux_put_header(frame, &header, &mux->framing);
	mux_seal_payload(frame, &header, &mux->framing);
	mux->control_end += mux_frame_bytes(&header, &mux->framing);
}

/* Frames about the link overtake those that wait. */
static void make_control(struct mux *mux)
{
	const uint32_t hello[] = {MUX_VERSION, mux->framing.session};
	const uint32_t welcome[] = {MUX_VERSION, mux->framing.reliable};
	mux->control_start = mux->control_end = 0;
	if (mux->hello_due)
		add_control(mux, MUX_HELLO, hello, 2);
	if (mux->welcome_due)
		add_control(mux, MUX_WELCOME, welcome, 2);
	mux->hello_due = mux->welcome_due = false;
	if (!mux->up)
		return;
	bool enough = !mux->framing.reliable && (mux->unacked_bytes >= mux->window_bytes / ACK_SHARE ||
	                                         mux->unacked_frames >= MUX_MAX_HELD_FRAMES / ACK_SHARE);
	if (mux->nak_due)
		add_control(mux, MUX_NAK, NULL, 0);
	if (mux->probe_due)
		add_control(mux, MUX_PROBE, NULL, 0);
	else if (!mux->nak_due && (mux->ack_due || (enough && !mux->cursor)))
		add_control(mux, MUX_ACK, NULL, 0);
	if (mux->control_end > 0)
		told_acknowledged(mux);
	mux->nak_due = mux->probe_due = false;
}

/* How much of it was written; 0 when the carrier is full. -1 with errno. */
static ssize_t put(struct mux *mux, const uint8_t *bytes, size_t length)
{
	ssize_t count;
	do
		count = write(mux->fd, bytes, length);
	while (count < 0 && errno == EINTR);
	if (count < 0 && errno == EAGAIN)
		count = 0;
	mux->blocked = count >= 0 && (size_t)count < length;
	return count;
}

static int write_control(struct mux *mux)
{
	ssize_t count = put(mux, mux->control + mux->control_start, mux->control_end - mux->control_start);
	if (count < 0)
		return -1;
	mux->control_start += (size_t)count;
	return 0;
}

static int write_held(struct mux *mux)
{
	struct mux_held *held = mux->cursor;
	if (mux->cursor_offset == 0) {
		held->header.acknowledged = mux->expected;
		mux_put_header(held->bytes, &held->header, &mux->framing);
		told_acknowledged(mux);
	}
	ssize_t count = put(mux, held->bytes + mux->cursor_offset, held->length - mux->cursor_offset);
	if (count < 0)
		return -1;
	mux->cursor_offset += (size_t)count;
	if (mux->cursor_offset < held->length)
		return 0;
	mux->cursor_offset = 0;
	mux->cursor = held->next;
	if (mux->framing.reliable)
		mux->acknowledged = held->header.sequence + 1;
	drop_acknowledged(mux);
	return 0;
}

static void rewind_if_due(struct mux *mux)
{
	if (!mux->rewind_due || mux->cursor_offset > 0)
		return;
	mux->rewind_due = false;
	mux->cursor = mux->first;
}

int mux_link_write(struct mux *mux)
{
	mux->blocked = false;
	while (!mux->blocked) {
		int status = 0;
		rewind_if_due(mux);
		if (mux->cursor_offset == 0 && mux->control_start == mux->control_end)
			make_control(mux);
		if (mux->cursor_offset == 0 && mux->control_start < mux->control_end)
			status = write_control(mux);
		else if (mux->cursor && mux->up)
			status = write_held(mux);
		else
			return 0;
		if (status < 0)
			return -1;
	}
	return 0;
}
