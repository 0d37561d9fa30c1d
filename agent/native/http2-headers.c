#include "http2-headers.h"

#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "text.h"

/* Most fields of one response; those of a gRPC server are under ten. */
enum { MAX_FIELDS = 64 };

static JSValue text_to_js(JSContext *ctx, nghttp2_rcbuf *text)
{
	nghttp2_vec bytes = nghttp2_rcbuf_get_buf(text);
	return runv_decode_utf8(ctx, bytes.base, bytes.len);
}

static JSValue field_to_js(JSContext *ctx, const struct runv_http2_field *field)
{
	JSValue pair = JS_NewArray(ctx);
	if (JS_IsException(pair))
		return pair;
	if (JS_DefinePropertyValueUint32(ctx, pair, 0, text_to_js(ctx, field->name), JS_PROP_C_W_E) < 0 ||
	    JS_DefinePropertyValueUint32(ctx, pair, 1, text_to_js(ctx, field->value), JS_PROP_C_W_E) < 0) {
		JS_FreeValue(ctx, pair);
		return JS_EXCEPTION;
	}
	return pair;
}

JSValue runv_http2_headers_to_js(JSContext *ctx, const struct runv_http2_field *fields, size_t count)
{
	JSValue headers = JS_NewArray(ctx);
	for (size_t i = 0; i < count && !JS_IsException(headers); i++) {
		JSValue pair = field_to_js(ctx, &fields[i]);
		if (JS_IsException(pair) ||
		    JS_DefinePropertyValueUint32(ctx, headers, (uint32_t)i, pair, JS_PROP_C_W_E) < 0) {
			JS_FreeValue(ctx, headers);
			return JS_EXCEPTION;
		}
	}
	return headers;
}

/* Texts of a response's fields while they are being collected: names and values in turn. */
struct texts {
	const char *text[2 * MAX_FIELDS];
	size_t length[2 * MAX_FIELDS];
	size_t count;
};

static int add_text(JSContext *ctx, JSValueConst pair, uint32_t index, struct texts *texts)
{
	JSValue value = JS_GetPropertyUint32(ctx, pair, index);
	const char *text =
	        JS_IsException(value) ? NULL : runv_text(ctx, value, "header", &texts->length[texts->count]);
	JS_FreeValue(ctx, value);
	if (!text)
		return -1;
	texts->text[texts->count++] = text;
	return 0;
}

static int collect(JSContext *ctx, JSValueConst headers, size_t count, struct texts *texts)
{
	for (uint32_t i = 0; i < count; i++) {
		JSValue pair = JS_GetPropertyUint32(ctx, headers, i);
		if (JS_IsException(pair))
			return -1;
		int result = add_text(ctx, pair, 0, texts);
		if (result == 0)
			result = add_text(ctx, pair, 1, texts);
		JS_FreeValue(ctx, pair);
		if (result < 0)
			return -1;
	}
	return 0;
}

static nghttp2_nv *in_one_block(const struct texts *texts)
{
	size_t count = texts->count / 2;
	size_t size = count * sizeof(nghttp2_nv) + 1;
	for (size_t i = 0; i < texts->count; i++)
		size += texts->length[i];
	nghttp2_nv *fields = malloc(size);
	if (!fields)
		return NULL;
	uint8_t *bytes = (uint8_t *)(fields + count);
	for (size_t i = 0; i < count; i++) {
		size_t name_length = texts->length[2 * i];
		size_t value_length = texts->length[2 * i + 1];
		memcpy(bytes, texts->text[2 * i], name_length);
		memcpy(bytes + name_length, texts->text[2 * i + 1], value_length);
		fields[i] = (nghttp2_nv){bytes, bytes + name_length, name_length, value_length,
		                         NGHTTP2_NV_FLAG_NONE};
		bytes += name_length + value_length;
	}
	return fields;
}

nghttp2_nv *runv_http2_headers_from_js(JSContext *ctx, JSValueConst headers, size_t *count)
{
	int64_t length;
	if (runv_option_int64(ctx, headers, "length", 0, MAX_FIELDS, &length) < 0)
		return NULL;
	struct texts texts;
	texts.count = 0;
	nghttp2_nv *fields = NULL;
	if (collect(ctx, headers, (size_t)length, &texts) == 0) {
		fields = in_one_block(&texts);
		if (!fields)
			JS_ThrowOutOfMemory(ctx);
	}
	for (size_t i = 0; i < texts.count; i++)
		JS_FreeCString(ctx, texts.text[i]);
	*count = (size_t)length;
	return fields;
}
