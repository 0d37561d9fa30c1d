/* UTF-8 in and out: the language has no TextEncoder here. */
#include <errno.h>
#include <string.h>

#include "args.h"
#include "errors.h"
#include "module.h"
#include "text.h"

/* Length of the valid sequence at `bytes`, or, negative, of what one U+FFFD stands for: the longest beginning of a valid
 * sequence, or one byte (Unicode 15, table 3-7 and "maximal subpart"; WHATWG's decoder does the same). */
static int sequence_length(const uint8_t *bytes, size_t available)
{
	uint8_t lead = bytes[0], low = 0x80, high = 0xbf;
	if (lead < 0x80)
		return 1;
	int length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
	if (length == 0)
		return -1;
	if (lead == 0xe0)
		low = 0xa0;
	if (lead == 0xed)
		high = 0x9f;
	if (lead == 0xf0)
		low = 0x90;
	if (lead == 0xf4)
		high = 0x8f;
	for (int index = 1; index < length; index++) {
		if ((size_t)index >= available || bytes[index] < low || bytes[index] > high)
			return -index;
		low = 0x80;
		high = 0xbf;
	}
	return length;
}

/* Length of the longest prefix that is valid. */
static size_t valid_prefix(const uint8_t *bytes, size_t length)
{
	size_t position = 0;
	while (position < length) {
		int step = sequence_length(bytes + position, length - position);
		if (step < 0)
			break;
		position += (size_t)step;
	}
	return position;
}

static JSValue with_replacements(JSContext *ctx, const uint8_t *bytes, size_t length)
{
	static const char replacement[] = {'\xef', '\xbf', '\xbd'};
	char *text = js_malloc(ctx, length * sizeof replacement);
	if (!text)
		return JS_EXCEPTION;
	size_t used = 0, position = 0;
	while (position < length) {
		size_t valid = valid_prefix(bytes + position, length - position);
		memcpy(text + used, bytes + position, valid);
		used += valid;
		position += valid;
		if (position == length)
			break;
		memcpy(text + used, replacement, sizeof replacement);
		used += sizeof replacement;
		position += (size_t)-sequence_length(bytes + position, length - position);
	}
	JSValue string = JS_NewStringLen(ctx, text, used);
	js_free(ctx, text);
	return string;
}

JSValue runv_decode_utf8(JSContext *ctx, const uint8_t *bytes, size_t length)
{
	if (valid_prefix(bytes, length) == length)
		return JS_NewStringLen(ctx, (const char *)bytes, length);
	return with_replacements(ctx, bytes, length);
}

static JSValue utf8_encode(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	size_t length;
	const char *text = runv_text(ctx, argv[0], "text", &length);
	if (!text)
		return JS_EXCEPTION;
	JSValue bytes = runv_new_bytes(ctx, text, length);
	JS_FreeCString(ctx, text);
	return bytes;
}

static JSValue utf8_decode(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	struct runv_bytes bytes;
	if (runv_bytes(ctx, argv[0], "bytes", &bytes) < 0)
		return JS_EXCEPTION;
	bool fatal = JS_ToBool(ctx, argv[1]) > 0;
	if (fatal && valid_prefix(bytes.data, bytes.length) < bytes.length)
		return runv_throw_errno(ctx, EILSEQ, "utf8Decode", NULL);
	return runv_decode_utf8(ctx, bytes.data, bytes.length);
}

static const JSCFunctionListEntry exports[] = {
        JS_CFUNC_DEF("utf8Encode", 1, utf8_encode),
        JS_CFUNC_DEF("utf8Decode", 2, utf8_decode),
};

const struct runv_family runv_family_text = {exports, RUNV_COUNT(exports), NULL};
