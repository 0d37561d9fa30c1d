#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "mux.h"

/* How often the buffer is filled before sockets get their turn. */
enum { FILLS_PER_TURN = 4 };

static size_t waiting(const struct mux *mux)
{
	return mux->received_end - mux->received_start;
}

/* Some bytes are of no frame. A carrier that was thought reliable has then lost or changed others too, which nobody has noticed. */
static bool skip_garbage(struct mux *mux, size_t length)
{
	if (length > 0 && mux->framing.reliable)
		mux->failure = "protocol: bytes of no frame on a reliable carrier";
	else
		mux->received_start += length;
	return mux->failure == NULL;
}

/* The next frame that is whole, or NULL: what comes before it is garbage. */
static const uint8_t *find_frame(struct mux *mux, struct mux_header *header)
{
	while (waiting(mux) > 0) {
		const uint8_t *at = mux->received + mux->received_start;
		const uint8_t *sync = memchr(at, MUX_SYNC_FIRST, waiting(mux));
		if (!skip_garbage(mux, sync ? (size_t)(sync - at) : waiting(mux)) ||
		    waiting(mux) < MUX_HEADER_BYTES)
			return NULL;
		if (mux_get_header(sync, &mux->framing, header)) {
			const size_t length = mux_frame_bytes(header, &mux->framing);
			if (waiting(mux) < length)
				return NULL;
			if (mux_payload_intact(sync, header, &mux->framing)) {
				mux->received_start += length;
				return sync;
			}
		}
		/* Bytes may be missing inside it: the next frame can begin anywhere behind its first byte. */
		if (!skip_garbage(mux, 1))
			return NULL;
	}
	return NULL;
}

/* The number of a session is taken until the peer has shown that it has the same; a later greeting could be a stream's bytes. */
static const char *hello(struct mux *mux, const struct mux_header *header, const uint8_t *payload)
{
	if (mux->dialer || header->length != 8 || mux_get_u32(payload) != MUX_VERSION)
		return NULL;
	uint32_t session = mux_get_u32(payload + 4);
	if (mux->confirmed && session != mux->framing.session)
		return NULL;
	mux->framing.session = session;
	mux->up = mux->welcome_due = true;
	return NULL;
}

static const char *welcome(struct mux *mux, const struct mux_header *header, const uint8_t *payload)
{
	if (!mux->dialer)
		return NULL;
	if (header->length != 8 || mux_get_u32(payload) != MUX_VERSION)
		return "protocol: the peer speaks another version of the multiplexer";
	if (mux_get_u32(payload + 4) != mux->framing.reliable)
		return "protocol: the peer thinks otherwise of the carrier's reliability";
	mux->up = mux->confirmed = true;
	return NULL;
}

/* Something before this is missing. Asking once is enough, unless the peer asks what became of it. */
static void ask_again(struct mux *mux, bool insist)
{
	if (mux->nak_for == mux->expected && !insist)
		return;
	mux->nak_for = mux->expected;
	mux->nak_due = true;
}

static const char *about_link(struct mux *mux, const struct mux_header *header, const uint8_t *payload)
{
	if (header->type == MUX_HELLO)
		return hello(mux, header, payload);
	if (header->type == MUX_WELCOME)
		return welcome(mux, header, payload);
	const char *failure = mux_link_acknowledge(mux, header->acknowledged);
	if (header->type == MUX_NAK)
		mux->rewind_due = true;
	if (header->type == MUX_PROBE && header->sequence != mux->expected)
		ask_again(mux, true);
	else if (header->type == MUX_PROBE)
		mux->ack_due = true;
	return failure;
}

static const char *numbered(JSContext *ctx, struct mux *mux, const struct mux_header *header,
                            const uint8_t *payload)
{
	const char *failure = mux_link_acknowledge(mux, header->acknowledged);
	if (failure)
		return failure;
	if (header->sequence != mux->expected) {
		if (mux->framing.reliable)
			return "protocol: frames are missing on a reliable carrier";
		if ((int32_t)(header->sequence - mux->expected) > 0)
			ask_again(mux, false);
		else
			mux->ack_due = true;
		return NULL;
	}
	mux->expected++;
	mux->unacked_bytes += mux_frame_bytes(header, &mux->framing);
	mux->unacked_frames++;
	return mux_stream_frame(ctx, mux, header, payload);
}

static const char *handle(JSContext *ctx, struct mux *mux, const struct mux_header *header,
                          const uint8_t *frame)
{
	const uint8_t *payload = frame + MUX_HEADER_BYTES;
	if (header->type == MUX_HELLO || (header->type == MUX_WELCOME && mux->dialer))
		return about_link(mux, header, payload);
	if (!mux->up)
		return NULL;
	mux->confirmed = true;
	if (header->type < MUX_OPEN)
		return about_link(mux, header, payload);
	return numbered(ctx, mux, header, payload);
}

static const char *handle_all(JSContext *ctx, struct mux *mux)
{
	struct mux_header header;
	const uint8_t *frame;
	const char *failure = NULL;
	while (!failure && !mux->failure && mux->fd >= 0 && (frame = find_frame(mux, &header)))
		failure = handle(ctx, mux, &header, frame);
	return failure;
}

static void make_space(struct mux *mux)
{
	size_t rest = waiting(mux);
	if (mux->received_start > 0 && rest > 0)
		memmove(mux->received, mux->received + mux->received_start, rest);
	mux->received_start = 0;
	mux->received_end = rest;
}

/* Reads until the buffer is full or nothing is left: a device may give a page at a time. 1 when it is full, 0, or -1 with why the link is over. */
static int fill(struct mux *mux, const char **failure)
{
	while (mux->received_end < MUX_RECEIVE_BYTES) {
		ssize_t count = read(mux->fd, mux->received + mux->received_end,
		                     MUX_RECEIVE_BYTES - mux->received_end);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && errno == EAGAIN)
			return 0;
		if (count <= 0) {
			bool ended = count == 0 || errno == ECONNRESET;
			*failure = ended ? "the carrier has ended" : runv_errno_name(errno);
			return -1;
		}
		mux->received_end += (size_t)count;
		mux->progress = true;
	}
	return 1;
}

const char *mux_link_receive(JSContext *ctx, struct mux *mux)
{
	const char *failure = NULL;
	int filled = 1;
	for (int fills = 0; fills < FILLS_PER_TURN && filled == 1 && !failure; fills++) {
		const char *ending = NULL;
		make_space(mux);
		filled = fill(mux, &ending);
		failure = handle_all(ctx, mux);
		if (!failure)
			failure = ending;
		if (mux->failure || mux->fd < 0)
			break;
	}
	return failure;
}

const char *mux_link_skip_partial(JSContext *ctx, struct mux *mux)
{
	if (waiting(mux) == 0 || mux->framing.reliable)
		return NULL;
	mux->received_start++;
	return handle_all(ctx, mux);
}
